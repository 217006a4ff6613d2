"""Means and their intervals: Student's t, and the bootstrap where its shape is doubtful."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEAST_BOOTSTRAP = 4
"""With k values the most extreme resample has the probability k⁻ᵏ: from 4 on it is below the 2.5 % that a tail holds."""
RESAMPLES = 1999


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


def without_spread(values: Sequence[float] | NDArray[np.float64]) -> bool:
    """Whether values are equal up to rounding."""
    array = np.asarray(values, dtype=np.float64)
    return bool(np.ptp(array) <= 1e-12 * np.abs(array).max())


def bootstrap_interval(
    a: NDArray[np.float64], b: NDArray[np.float64], seed: int, *, paired: bool
) -> tuple[float, float] | None:
    """The 95 % interval of the mean of b − a by the BCa bootstrap; None for fewer than `LEAST_BOOTSTRAP` values a side.

    `paired` values are drawn again in pairs, others each side by itself.
    Source: Efron, Better bootstrap confidence intervals, JASA 82 (1987), as SciPy has it.
    """
    if min(len(a), len(b)) < LEAST_BOOTSTRAP:
        return None
    samples = (b - a,) if paired else (b, a)
    mean = float(b.mean() - a.mean())
    if all(map(without_spread, samples)):
        return mean, mean
    from scipy import stats

    found = stats.bootstrap(
        samples, _difference, n_resamples=RESAMPLES, method="BCa", random_state=np.random.default_rng(seed)
    ).confidence_interval
    return float(found.low), float(found.high)


def _difference(*samples: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    """The mean of one sample, or the first's minus the second's."""
    first, *others = (one.mean(axis=axis) for one in samples)
    return np.asarray(first - sum(others))
