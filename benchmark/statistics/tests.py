"""Tests of differences: of two means, of all pairs at once, and what an interval says beside a margin."""

from __future__ import annotations

import math
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
    """A difference of means with its 95 % interval and its p-value; all three are None where nothing varies."""

    mean: float
    low: float | None
    high: float | None
    p: float | None


def difference(
    a: Sequence[float] | NDArray[np.float64],
    b: Sequence[float] | NDArray[np.float64],
    *,
    paired: bool,
    log_scale: bool = False,
) -> Difference:
    """The mean of b − a by a paired t-test, or by Welch's test where the values are not `paired`.

    On a `log_scale` the test is of the logarithms of positive values: the difference is that of geometric means, and its interval
    is that of their ratio times the geometric mean of a. Values of which one is not positive are compared as they are.

    One value a side tells no spread, so that interval and p-value are None. Differences that are all equal have no spread
    either: p is 1 where they are 0, and 0 where they are not.
    """
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if log_scale and min(x.min(), y.min()) > 0:
        return _ratio(difference(np.log(x), np.log(y), paired=paired), float(np.log(x).mean()))
    if paired:
        return paired_differences((y - x)[None])[0]
    from scipy import stats

    mean = float(y.mean() - x.mean())
    if min(len(x), len(y)) < 2:
        return Difference(mean, None, None, None)
    # A spread of rounding errors is none.
    if without_spread(x) and without_spread(y):
        return _without_spread(mean)
    test = stats.ttest_ind(y, x, equal_var=False)
    low, high = test.confidence_interval(0.95)
    return Difference(mean, float(low), float(high), float(test.pvalue))


def paired_differences(differences: NDArray[np.float64]) -> list[Difference]:
    """A paired t-test a row of `differences` (P pairs, K units), as `difference` makes one."""
    from scipy import stats

    means = differences.mean(axis=1).tolist()
    if differences.shape[1] < 2:
        return [Difference(mean, None, None, None) for mean in means]
    varies = np.array([not without_spread(row) for row in differences], dtype=bool)
    found = [_without_spread(mean) for mean in means]
    if varies.any():
        test = stats.ttest_1samp(differences[varies], 0.0, axis=1)
        ends = test.confidence_interval(0.95)
        for row, low, high, p in zip(np.flatnonzero(varies), *ends, test.pvalue, strict=True):
            found[row] = Difference(means[row], float(low), float(high), float(p))
    return found


def _without_spread(mean: float) -> Difference:
    return Difference(mean, mean, mean, 1.0 if mean == 0.0 else 0.0)


def _ratio(logs: Difference, log_mean: float) -> Difference:
    """A difference of mean logarithms as one of geometric means, of which the first is exp(log_mean)."""
    mean, low, high = (None if one is None else math.exp(log_mean) * math.expm1(one) for one in logs[:3])
    return Difference(mean or 0.0, low, high, logs.p)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number by Holm's step-down method (Scandinavian Journal of Statistics 6, 65–70, 1979)."""
    # That of statsmodels collects garbage in each call, which takes longer than the rest of a table.
    values = np.asarray(p_values, dtype=float)
    order = np.argsort(values, kind="stable")
    corrected = np.empty_like(values)
    corrected[order] = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1)).clip(max=1.0)
    return [float(p) for p in corrected]


def equivalence(difference: float, half_width: float, margin: float) -> Said:
    """What the interval d ± h says of a difference that counts from `margin` on: see `beside_margin`."""
    return beside_margin(difference - half_width, difference + half_width, margin)


def beside_margin(low: float, high: float, margin: float) -> Said:
    """What an interval says of a difference that counts from `margin` on.

    A tie: the whole interval lies within ± margin. Different: it lies wholly beyond, on one side. Undecided: the interval is too
    wide, or too near the margin, to tell.
    """
    if -margin <= low and high <= margin:
        return "tie"
    return "different" if low > margin or high < -margin else "undecided"


@dataclass(frozen=True)
class PairTest:
    """The t-test of two of several generators.

    Attributes:
        pair: Their two rows, the smaller first.
        mean: The mean of the second's values minus the first's; the difference of geometric means on a log scale.
        low: The lower end of the difference's 95 % interval.
        high: The upper end.
        p: The p-value of the t-test, paired or Welch's.
        p_holm: The same, corrected for all pairs.
        said: "different" where the corrected p-value is below `LEVEL` and the whole interval lies beyond the margin; "tie"
            where the whole interval lies within it.
    """

    pair: tuple[int, int]
    mean: float
    low: float
    high: float
    p: float
    p_holm: float
    said: Said


def all_pairs(
    losses: NDArray[np.float64], margin: float, *, paired: bool, log_scale: bool = False
) -> tuple[PairTest, ...]:
    """t-tests of every two rows of `losses` (G generators, K ≥ 2 units) with Holm's correction for all of them.

    They are `paired` where the columns are units that the generators share, and Welch's where each row has units of its own.
    On a `log_scale` they are tests of the logarithms, as `difference` says.
    """
    pairs = list(combinations(range(len(losses)), 2))
    ratios = log_scale and losses.size > 0 and bool(losses.min() > 0)
    tested = np.log(losses) if ratios else losses
    if paired:
        found = paired_differences(np.array([tested[j] - tested[i] for i, j in pairs]).reshape(len(pairs), -1))
    else:
        found = [difference(tested[i], tested[j], paired=False) for i, j in pairs]
    if ratios:
        found = [_ratio(one, float(tested[i].mean())) for one, (i, _) in zip(found, pairs, strict=True)]
    corrected = holm([one.p or 0.0 for one in found])
    comparisons = []
    for pair, one, p_holm in zip(pairs, found, corrected, strict=True):
        low, high = (one.mean if end is None else end for end in (one.low, one.high))
        said = beside_margin(low, high, margin)
        if said == "different" and p_holm >= LEVEL:
            said = "undecided"
        comparisons.append(PairTest(pair, one.mean, low, high, one.p or 0.0, p_holm, said))
    return tuple(comparisons)
