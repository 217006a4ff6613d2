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

    mean = float(np.mean(b) - np.mean(a))
    if min(len(a), len(b)) < 2:
        return Difference(mean, None, None)
    if len(a) == len(b):
        paired = np.asarray(b, dtype=np.float64) - np.asarray(a, dtype=np.float64)
        mean, half_width = summarise(list(paired))
        scale, degrees = float(paired.std(ddof=1)) / math.sqrt(len(paired)), float(len(paired) - 1)
    else:
        parts = [float(np.var(side, ddof=1)) / len(side) for side in (a, b)]
        scale = math.sqrt(sum(parts))
        spread = sum(part**2 / (len(side) - 1) for part, side in zip(parts, (a, b), strict=True))
        degrees = sum(parts) ** 2 / spread if spread else 1.0
        half_width = scale * float(stats.t.ppf(0.975, degrees))
    if scale == 0.0:
        return Difference(mean, 0.0, 1.0 if mean == 0.0 else 0.0)
    return Difference(mean, half_width, 2 * float(stats.t.sf(abs(mean) / scale, degrees)))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number by Holm's step-down method.

    The i-th smallest of m becomes the largest of (m − j + 1) · p_j over j ≤ i, at most 1; Holm (1979), Scandinavian Journal of
    Statistics 6, 65–70.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected
