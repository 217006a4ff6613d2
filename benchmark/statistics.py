"""Means and intervals."""

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
