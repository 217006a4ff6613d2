"""Significance groups of one column: generators that share a letter cannot be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.tests import PairTest, all_pairs

MOST_LETTERS = 52


@dataclass(frozen=True)
class Groups:
    """Letters of a column's generators and the comparisons behind them.

    Attributes:
        letters: One text a generator, "a" with the best: those who share a letter are one tie. Empty texts where refused.
        comparisons: Every pair.
        reason: Why there are no letters.
    """

    letters: tuple[str, ...]
    comparisons: tuple[PairTest, ...] = field(default=())
    reason: str = ""


def significance_groups(losses: NDArray[np.float64], margin: float, *, paired: bool, log_scale: bool = False) -> Groups:
    """Letters of the rows of `losses` (G generators, K units), smaller losses being better.

    Two generators differ where a t-test over the units (see `all_pairs`), by Holm's correction for all pairs, and the margin
    together say so (see `PairTest`). On a `log_scale` the tests compare logarithms.
    """
    count, units = losses.shape
    none = ("",) * count
    if count < 2:
        return Groups(none, reason="fewer than two generators have values")
    if units < 2:
        return Groups(none, reason="one value a generator has no spread")
    comparisons = all_pairs(losses, margin, paired=paired, log_scale=log_scale)
    different = [one.pair for one in comparisons if one.said == "different"]
    try:
        return Groups(compact_letters(losses.mean(axis=1), different), comparisons)
    except ValueError:
        return Groups(none, comparisons, f"more than {MOST_LETTERS} groups overlap")


def compact_letters(
    losses: Sequence[float] | NDArray[np.float64], different: Sequence[tuple[int, int]]
) -> tuple[str, ...]:
    """The compact letter display of generators (one loss each) of which the pairs in `different` differ, best first.

    Source: Piepho, An algorithm for a letter-based representation of all-pairwise comparisons, JCGS 13 (2004); computed by
    scikit-posthocs, which raises ValueError beyond 52 letters.
    """
    from scikit_posthocs import compact_letter_display

    order = np.argsort(losses, kind="stable")
    p = np.ones((len(order), len(order)))
    for i, j in different:
        p[i, j] = p[j, i] = 0.0
    shown = compact_letter_display(p[np.ix_(order, order)])
    letters = [""] * len(order)
    for place, text in zip(order, shown, strict=True):
        letters[place] = str(text).replace(" ", "")
    return tuple(letters)
