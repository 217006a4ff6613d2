"""Nested supports of a set of windows, and how evenly another set fills them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from metrics.common.neighbours import Points

LEVELS = 200
"""Supports compared: those that hold 0.25 %, 0.75 % … 99.75 % of the set."""


class SupportCoverage(NamedTuple):
    """1 − 2 ∫ |share inside − α| dα, in 0 … 1, and the mean of share inside − α, positive where the other set lies further in."""

    value: float
    inwards: float


def support_coverage(points: Points, others: Points) -> SupportCoverage:
    """How well `others` (M, F) fill the supports of `points` (B, F).

    The support that holds the share α of the points is the ball around their mean up to the α quantile of their distances: the
    one-class of Alaa et al. 2022 with the flattened window as its own embedding. Where points lie at equal distances, others
    there count in proportion, so that a set fills its own supports perfectly.
    """
    centre = points.mean(axis=0)
    own = np.sort(_distances(points, centre))
    theirs = _distances(others, centre)
    below = np.searchsorted(own, theirs, side="left") / len(own)
    up_to = np.searchsorted(own, theirs, side="right") / len(own)
    levels = (np.arange(LEVELS) + 0.5) / LEVELS
    gaps = np.array([_share_inside(level, below, up_to) - level for level in levels])
    return SupportCoverage(1 - 2 * float(np.abs(gaps).mean()), float(gaps.mean()))


def support_coverage_floor(n: int) -> float:
    """The expected value for two samples of `n` from one distribution: 1 − √π / (2 √n).

    The gap at α is nearly normal with variance 2 α (1 − α) / n, and ∫ √(α (1 − α)) dα = π/8.
    """
    return 1 - math.sqrt(math.pi / n) / 2


def _distances(points: Points, centre: Points) -> Points:
    distances: Points = np.sqrt(np.einsum("bf,bf->b", points - centre, points - centre))
    return distances


def _share_inside(level: float, below: NDArray[np.float64], up_to: NDArray[np.float64]) -> float:
    width = up_to - below
    at_border = np.divide(level - below, width, out=(below <= level).astype(np.float64), where=width > 0)
    return float(np.clip(at_border, 0, 1).mean())
