"""Ranks over blocks: Friedman's test, Nemenyi's pairwise test and critical difference, win rates.

Every array has the axes (G generators, S blocks); a block is what all generators were measured on: a data set at a length.

Source: Demšar, Statistical comparisons of classifiers over multiple data sets, JMLR 7 (2006).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.groups import compact_letters
from benchmark.statistics.tests import LEVEL

LEAST_GENERATORS = 3
LEAST_BLOCKS = 6
"""The fewest blocks of which a generator that wins all is significant by a sign test: 2 · ½⁶ = 0.031."""
MANY_BLOCKS, MANY_GENERATORS = 10, 5
"""Beyond both the χ² distribution of Friedman's statistic is adequate (Demšar 2006, section 3.2.2)."""


@dataclass(frozen=True)
class RankTest:
    """Friedman's test of equal ranks and, where it rejects, who can be told apart.

    Attributes:
        statistic: Friedman's χ² with G − 1 degrees of freedom, corrected for ties; None where refused.
        p: Its p-value.
        critical_difference: The difference of mean ranks from which on Nemenyi's test tells two generators apart.
        p_pairs: Nemenyi's p-values (G, G), 1 on the diagonal; None where Friedman's test does not reject.
        letters: One text a generator; those who share a letter cannot be told apart. None where there is no statistic.
        reason: Why something is missing, or what limits it.
    """

    statistic: float | None = None
    p: float | None = None
    critical_difference: float | None = None
    p_pairs: tuple[tuple[float, ...], ...] | None = None
    letters: tuple[str, ...] | None = None
    reason: str = ""


def ranks(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks in each block from 1 (smallest loss), equal losses sharing a rank; the shape of `losses`."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(losses, axis=0, method="average"))


def rank_test(losses: NDArray[np.float64]) -> RankTest:
    """Friedman's test over `losses` (G, S) and Nemenyi's, refused with a reason where there are too few of either."""
    count, blocks = losses.shape
    reason = too_few(count, blocks)
    if reason:
        return RankTest(reason=reason)
    placed = ranks(losses)
    if np.all(placed == (count + 1) / 2):
        return RankTest(reason="all generators tie in every block")
    from scipy import stats

    told = stats.friedmanchisquare(*losses)  # one argument a generator
    statistic, p = float(told.statistic), float(told.pvalue)
    limits = []
    if blocks <= MANY_BLOCKS or count <= MANY_GENERATORS:
        limits.append(
            f"the p-value is approximate: χ² is adequate beyond {MANY_BLOCKS} blocks and {MANY_GENERATORS} generators "
            f"(Demšar 2006), and there are {blocks} and {count}"
        )
    distance = critical_difference(count, blocks)
    if p >= LEVEL:
        limits.insert(0, "Friedman's test does not reject equal ranks, so that no pair is tested")
        return RankTest(statistic, p, distance, None, ("a",) * count, "; ".join(limits))
    pairs = nemenyi(losses)
    different = [(i, j) for i in range(count) for j in range(i) if pairs[i, j] < LEVEL]
    letters = compact_letters(placed.mean(axis=1), different)
    return RankTest(statistic, p, distance, tuple(map(tuple, pairs.tolist())), letters, "; ".join(limits))


def too_few(generators: int, blocks: int) -> str:
    """Why there is no test of ranks, empty where there is one."""
    if generators < LEAST_GENERATORS:
        return f"Friedman's test compares {LEAST_GENERATORS} or more generators, and {generators} can be ranked"
    return few_blocks(blocks)


def few_blocks(blocks: int) -> str:
    """Why nothing is concluded from so few blocks, empty where there are enough."""
    if blocks >= LEAST_BLOCKS:
        return ""
    counted = f"{blocks} block{' (a data set at a length) is' if blocks == 1 else 's (data sets at a length) are'}"
    return f"{counted} too few: even who wins all of fewer than {LEAST_BLOCKS} is not significant by a sign test"


def nemenyi(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """p-values (G, G) of Nemenyi's test that two mean ranks over the blocks are equal, by scikit-posthocs."""
    from scikit_posthocs import posthoc_nemenyi_friedman

    return np.asarray(posthoc_nemenyi_friedman(losses.T), dtype=np.float64)  # there the rows are blocks


def critical_difference(generators: int, blocks: int) -> float:
    """q(0.05, G, ∞) / √2 · √(G (G + 1) / 6 S), the smallest difference of mean ranks that Nemenyi's test rejects at 5 %."""
    from scipy.stats import studentized_range

    q = float(studentized_range.isf(LEVEL, generators, np.inf))
    return q / math.sqrt(2) * math.sqrt(generators * (generators + 1) / (6 * blocks))


def win_rates(losses: NDArray[np.float64], margins: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of blocks in which the row's generator beats the column's (G, G); a tie is half a win, and so is the diagonal.

    Losses within a block's margin (S,) of each other tie.
    """
    advantage = (
        losses[None, :, :] - losses[:, None, :]
    )  # (row, column, block): positive where the row's loss is smaller
    wins = np.where(np.abs(advantage) <= margins, 0.5, advantage > 0)
    return np.asarray(wins.mean(axis=2))
