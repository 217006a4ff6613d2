"""Nearest neighbours by brute force in blocks: exact, deterministic, and bounded in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""Rows (B, F) of F coordinates."""

NEIGHBOURS = 5
"""The neighbours that make the balls of density and coverage, as Naeem et al. 2020 choose."""

_BLOCK_NUMBERS = 4_000_000
"""Distances held at a time (32 MB)."""
_ROUNDING = 32 * float(np.finfo(np.float64).eps)


class Nearest(NamedTuple):
    """The neighbour of each point: its row among the others (B,), and its distance (B,)."""

    rows: NDArray[np.intp]
    distances: Points


def squared_distances(points: Points, others: Points) -> Iterator[tuple[slice, Points]]:
    """Squared Euclidean distances of blocks of points (B, F) to all `others` (M, F), with the rows that each block covers.

    They are taken from a product around the others' mean; what is below its rounding error, a few 1e-15 of the squared norms,
    is 0, so that equal points are at no distance.
    """
    centre = others.mean(axis=0)
    targets = others - centre
    norms = np.einsum("mf,mf->m", targets, targets)
    block = max(1, _BLOCK_NUMBERS // len(others))
    for start in range(0, len(points), block):
        part = points[start : start + block] - centre
        own = np.einsum("bf,bf->b", part, part)
        squared = part @ targets.T
        squared *= -2
        squared += norms
        squared += own[:, None]
        squared[squared < _ROUNDING * (norms.max() + own.max())] = 0
        yield slice(start, start + len(part)), squared


def nearest(points: Points, others: Points, *, leave_one_out: bool = False) -> Nearest:
    """The nearest of `others` (M, F) to each point (B, F), its distance taken from the difference and so exact near zero.

    With `leave_one_out` the two are the same rows and no point is its own neighbour; there are then at least two.
    """
    rows = np.empty(len(points), np.intp)
    for covered, squared in squared_distances(points, others):
        if leave_one_out:
            squared[np.arange(len(squared)), np.arange(covered.start, covered.stop)] = np.inf
        rows[covered] = squared.argmin(axis=1)
    return Nearest(rows, np.linalg.norm(points - others[rows], axis=1))


def squared_radii(points: Points, k: int) -> Points:
    """The squared distance of each point (B, F) to its k-th nearest other point: (B,); k < B."""
    radii = np.empty(len(points))
    for covered, squared in squared_distances(points, points):
        squared[np.arange(len(squared)), np.arange(covered.start, covered.stop)] = np.inf
        squared.partition(k - 1, axis=1)
        radii[covered] = squared[:, k - 1]
    return radii


def counts_in_balls(centres: Points, radii: Points, others: Points) -> NDArray[np.intp]:
    """How many of `others` (M, F) lie in the ball around each centre (B, F), squared radii (B,), border included: (B,).

    On the border is what is nearer to it than the rounding error of both distances.
    """
    counts = np.empty(len(centres), np.intp)
    middle = others.mean(axis=0)
    largest = max(float(np.square(points - middle).sum(axis=1).max()) for points in (centres, others))
    radii = radii + 4 * _ROUNDING * largest
    for covered, squared in squared_distances(centres, others):
        counts[covered] = np.count_nonzero(squared <= radii[covered, None], axis=1)
    return counts
