"""Means, intervals, and tests of a difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Summary(NamedTuple):
    """Mean and 95 % half-width; the half-width is None for a single value."""

    mean: float
    half_width: float | None


def summarise(values: Sequence[float]) -> Summary:
    """Mean and the half-width of its 95 % t-interval: t(0.975, k − 1) · s / √k over k values, s with k − 1.

    At k = 5 the factor is 1.2417 (the ± of Diffusion-TS's tables).
    """
    array = np.asarray(values, dtype=np.float64)
    if len(array) < 2:
        return Summary(float(array.mean()), None)
    from scipy.stats import t as student  # its import takes longer than the planning of a suite

    scale = float(student.ppf(0.975, len(array) - 1)) / math.sqrt(len(array))
    return Summary(float(array.mean()), scale * float(array.std(ddof=1)))


class Difference(NamedTuple):
    """A difference of means with the half-width of its 95 % interval and its p-value; both are None where nothing varies."""

    mean: float
    half_width: float | None
    p: float | None


def difference(a: Sequence[float], b: Sequence[float]) -> Difference:
    """The mean of b − a: a paired t-test for as many values on either side, and Welch's test for other numbers.

    One value a side tells no spread, so that half-width and p-value are None. Differences that are all equal have no spread
    either: p is 1 where they are 0, and 0 where they are not.
    """
    from scipy import stats

    paired = np.subtract(b, a, dtype=np.float64) if len(a) == len(b) else None
    mean = float(np.mean(b) - np.mean(a) if paired is None else paired.mean())
    if min(len(a), len(b)) < 2:
        return Difference(mean, None, None)
    # A spread of rounding errors is none.
    if all(np.ptp(side) <= 1e-12 * np.abs(side).max() for side in ((a, b) if paired is None else (paired,))):
        return Difference(mean, 0.0, 1.0 if mean == 0.0 else 0.0)
    test = stats.ttest_ind(b, a, equal_var=False) if paired is None else stats.ttest_1samp(paired, 0.0)
    low, high = test.confidence_interval(0.95)
    return Difference(mean, float(high - low) / 2, float(test.pvalue))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number by Holm's step-down method (Scandinavian Journal of Statistics 6, 65–70, 1979)."""
    if not p_values:
        return []
    from statsmodels.stats.multitest import multipletests

    return [float(p) for p in multipletests(p_values, method="holm")[1]]
