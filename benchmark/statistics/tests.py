"""Tests of differences: of two means, of all pairs at once, and what an interval says beside a margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.intervals import without_spread

LEVEL = 0.05
"""The chance that a family of comparisons reports a difference where there is none."""
Said = Literal["tie", "different", "undecided"]


class Difference(NamedTuple):
    """A difference of means with the half-width of its 95 % interval and its p-value; both are None where nothing varies."""

    mean: float
    half_width: float | None
    p: float | None


def difference(a: Sequence[float], b: Sequence[float], *, paired: bool | None = None) -> Difference:
    """The mean of b − a by a paired t-test, or by Welch's test where the values are not `paired` (None: as many on either side).

    One value a side tells no spread, so that half-width and p-value are None. Differences that are all equal have no spread
    either: p is 1 where they are 0, and 0 where they are not.
    """
    from scipy import stats

    if len(a) == len(b) if paired is None else paired:
        return paired_differences(np.subtract(b, a, dtype=np.float64)[None])[0]
    mean = float(np.mean(b) - np.mean(a))
    if min(len(a), len(b)) < 2:
        return Difference(mean, None, None)
    # A spread of rounding errors is none.
    if without_spread(a) and without_spread(b):
        return _without_spread(mean)
    test = stats.ttest_ind(b, a, equal_var=False)
    low, high = test.confidence_interval(0.95)
    return Difference(mean, float(high - low) / 2, float(test.pvalue))


def paired_differences(differences: NDArray[np.float64]) -> list[Difference]:
    """A paired t-test a row of `differences` (P pairs, K units), as `difference` makes one."""
    from scipy import stats

    means = differences.mean(axis=1).tolist()
    if differences.shape[1] < 2:
        return [Difference(mean, None, None) for mean in means]
    varies = np.array([not without_spread(row) for row in differences], dtype=bool)
    found = [_without_spread(mean) for mean in means]
    if varies.any():
        test = stats.ttest_1samp(differences[varies], 0.0, axis=1)
        low, high = test.confidence_interval(0.95)
        for row, half_width, p in zip(np.flatnonzero(varies), (high - low) / 2, test.pvalue, strict=True):
            found[row] = Difference(means[row], float(half_width), float(p))
    return found


def _without_spread(mean: float) -> Difference:
    return Difference(mean, 0.0, 1.0 if mean == 0.0 else 0.0)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number by Holm's step-down method (Scandinavian Journal of Statistics 6, 65–70, 1979)."""
    if len(p_values) == 0:
        return []
    from statsmodels.stats.multitest import multipletests

    return [float(p) for p in multipletests(p_values, method="holm")[1]]


def equivalence(difference: float, half_width: float, margin: float) -> Said:
    """What the interval d ± h says of a difference that counts from `margin` on.

    A tie: the whole interval lies within the margin, |d| + h ≤ margin. Different: it lies wholly beyond, |d| − h > margin.
    Undecided: the interval is too wide, or too near the margin, to tell.
    """
    if abs(difference) + half_width <= margin:
        return "tie"
    return "different" if abs(difference) - half_width > margin else "undecided"


@dataclass(frozen=True)
class Comparison:
    """Two of several generators on the same units.

    Attributes:
        pair: Their two rows, the smaller first.
        mean: The mean of the second's values minus the first's.
        half_width: Of the 95 % t-interval of the difference.
        p: The p-value of the paired t-test.
        p_holm: The same, corrected for all pairs.
        said: "different" where the corrected p-value is below `LEVEL` and the whole interval lies beyond the margin; "tie"
            where the whole interval lies within it.
    """

    pair: tuple[int, int]
    mean: float
    half_width: float
    p: float
    p_holm: float
    said: Said


def all_pairs(losses: NDArray[np.float64], margin: float) -> tuple[Comparison, ...]:
    """Paired t-tests of every two rows of `losses` (G generators, K ≥ 2 units) with Holm's correction for all of them."""
    pairs = list(combinations(range(len(losses)), 2))
    found = paired_differences(np.array([losses[j] - losses[i] for i, j in pairs]).reshape(len(pairs), -1))
    corrected = holm([one.p or 0.0 for one in found])
    comparisons = []
    for pair, one, p_holm in zip(pairs, found, corrected, strict=True):
        half_width = one.half_width or 0.0
        said = equivalence(one.mean, half_width, margin)
        if said == "different" and p_holm >= LEVEL:
            said = "undecided"
        comparisons.append(Comparison(pair, one.mean, half_width, one.p or 0.0, p_holm, said))
    return tuple(comparisons)
