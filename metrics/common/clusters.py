"""Standard errors where the windows of a block depend on each other: sums over blocks take the place of windows."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from metrics.base import Blocks, Metric, NotApplicable, ScoreContext

Doubles = NDArray[np.float64]
Numbers = NDArray[np.intp]

CONFIDENCE = 0.95


class Variance(NamedTuple):
    """The variance of an estimate, and the degrees of freedom that it was estimated with."""

    value: float
    freedom: float

    def plus(self, other: Variance) -> Variance:
        """The variance of a sum of independent parts, degrees of freedom after Satterthwaite 1946."""
        total = self.value + other.value
        spread = self.value**2 / self.freedom + other.value**2 / other.freedom
        return Variance(total, total**2 / spread if spread > 0 else self.freedom + other.freedom)


class Interval(NamedTuple):
    """A 95 % t-interval."""

    low: float
    high: float


class Estimate(NamedTuple):
    """A value with its variance over blocks."""

    value: float
    variance: Variance

    @property
    def error(self) -> float:
        """The standard error."""
        return math.sqrt(self.variance.value)

    def interval(self, lowest: float = -math.inf, highest: float = math.inf) -> Interval:
        """The 95 % t-interval, cut to the range of the value."""
        from scipy import stats

        half = float(stats.t.ppf((1 + CONFIDENCE) / 2, self.variance.freedom)) * self.error
        return Interval(max(lowest, self.value - half), min(highest, self.value + half))

    def p_value(self, null: float, alternative: Literal["less", "greater", "two-sided"]) -> float:
        """The p-value of the t-test that the expected value is `null`; with no spread at all 0, ½ or 1."""
        from scipy import stats

        away = self.value - null
        if alternative == "less":
            away = -away
        t = math.copysign(math.inf, away) if self.error == 0 and away else away / (self.error or 1.0)
        if alternative == "two-sided":
            return 2 * float(stats.t.sf(abs(t), self.variance.freedom))
        return float(stats.t.sf(t, self.variance.freedom))


def variance_by_block(deviations: Doubles, blocks: Numbers, fitted: int = 1) -> Variance:
    """The variance of a sum of deviations (N,) from `fitted` means whose terms depend on each other within blocks (N,).

    K / (K − F) Σ_k S_k² over the sums S_k of the K blocks (Obuchowski 1997, Rao and Scott 1992) for F fitted means, K − F
    degrees of freedom, at least one. With one window a block it is the variance of independent terms; the sum of a single
    block is 0.
    """
    _, inverse = np.unique(blocks, return_inverse=True)
    sums = np.bincount(inverse, weights=deviations)
    freedom = max(len(sums) - fitted, 1)
    return Variance(float(np.square(sums).sum()) * (freedom + fitted) / freedom, freedom)


def area_by_block(a: Doubles, a_blocks: Numbers, b: Doubles, b_blocks: Numbers) -> Estimate:
    """P(a > b) + ½ P(a = b), the area under the ROC curve, for a (N,) and b (M,); no block holds values of both.

    The variance is that of the structural components of DeLong, DeLong and Clarke-Pearson 1988 by blocks (Obuchowski 1997). It
    is 0 for an area of 0 or 1: `rank_shift` has the error under the null hypothesis.
    """
    above, below = _shares_below(a, b), 1 - _shares_below(b, a)
    area = float(above.mean())
    variance = variance_by_block((above - area) / len(a), a_blocks)
    return Estimate(area, variance.plus(variance_by_block((below - area) / len(b), b_blocks)))


class RankShift(NamedTuple):
    """The area under the ROC curve less ½, as a difference of mean ranks, and each value's deviation; they sum to 0 a side.

    Attributes:
        value: The area less ½.
        a: The deviations (N,) of the values a: ranks among all values less their mean, over N (N + M).
        b: The deviations (M,) of the values b, with the opposite sign.
    """

    value: float
    a: Doubles
    b: Doubles

    def estimate(self, a_blocks: Numbers, b_blocks: Numbers) -> Estimate:
        """The value with its variance by blocks: Welch's t-test on ranks (Conover and Iman 1981), sums of blocks for values."""
        return Estimate(self.value, variance_by_block(self.a, a_blocks).plus(variance_by_block(self.b, b_blocks)))


def rank_shift(a: Doubles, b: Doubles) -> RankShift:
    """How far the ranks of a (N,) among all values lie above those of b (M,), ties at their mean rank."""
    from scipy import stats

    ranks = stats.rankdata(np.concatenate([a, b])) / (len(a) + len(b))
    of_a, of_b = ranks[: len(a)], ranks[len(a) :]
    mean_a, mean_b = float(of_a.mean()), float(of_b.mean())
    return RankShift(mean_a - mean_b, (of_a - mean_a) / len(a), (mean_b - of_b) / len(b))


def mean_ratio_by_block(over: Doubles, under: Doubles, blocks: Numbers) -> Estimate:
    """The mean over kinds H of the ratio of mean errors, `over` (H, N) to `under` (H, N), for test windows N in blocks (N,).

    The variance is that of the ratios' linear terms (over − ratio · under) / mean of under.
    """
    means = under.mean(axis=1, keepdims=True)
    ratios = over.mean(axis=1, keepdims=True) / means
    deviations = ((over - ratios * under) / means).mean(axis=0) / over.shape[1]
    return Estimate(float(ratios.mean()), variance_by_block(deviations, blocks))


def check_blocks(metric: Metric, context: ScoreContext) -> Blocks:
    """The blocks of the context.

    Raises:
        NotApplicable: The context holds none, or one block holds all real or all training windows.
    """
    if context.blocks is None:
        raise NotApplicable(
            f"{metric.info.name} needs test windows that no generator saw, and which of them overlap; use the protocol 'strict'."
        )
    check_several(metric, "test", context.blocks.real)
    check_several(metric, "training", context.blocks.training)
    return context.blocks


def check_several(metric: Metric, role: str, numbers: Numbers) -> None:
    """Raises NotApplicable where one block holds all windows (N,) of a role: it has no spread over blocks."""
    if len(np.unique(numbers)) < 2:
        raise NotApplicable(
            f"{metric.info.name} estimates its error over blocks, and one block holds all {role} windows; give a longer series."
        )


def _shares_below(values: Doubles, others: Doubles) -> Doubles:
    ordered = np.sort(others)
    below, up_to = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    shares: Doubles = (below + up_to) / (2 * len(others))
    return shares
