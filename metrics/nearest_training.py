"""The copying diagnostic: how far generated windows are from training windows, in units of the training set's spacing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from metrics.base import DataSheet, Metric, Prepared, ProgressCallback, Score, Windows, check_pair

_BLOCK_NUMBERS = 8_000_000
"""Distances held at a time (64 MB)."""


def nearest_distances(
    points: NDArray[np.float64],
    others: NDArray[np.float64],
    *,
    leave_one_out: bool = False,
    progress: ProgressCallback | None = None,
) -> NDArray[np.float64]:
    """The Euclidean distance of each point (B, F) to the nearest of `others` (M, F): (B,).

    With `leave_one_out` the two are the same and a point is not its own neighbour. The neighbour is found by a product and its
    distance then taken from the difference, which the product's cancellation would spoil near zero.
    """
    centre = others.mean(axis=0)
    targets = others - centre
    norms = np.einsum("mf,mf->m", targets, targets)
    found = np.empty(len(points))
    block = max(1, _BLOCK_NUMBERS // len(others))
    for start in range(0, len(points), block):
        part = points[start : start + block]
        squared = norms - 2 * ((part - centre) @ targets.T)
        if leave_one_out:
            own = np.arange(len(part))
            squared[own, start + own] = np.inf
        nearest = others[squared.argmin(axis=1)]
        found[start : start + block] = np.linalg.norm(part - nearest, axis=1)
        if progress is not None:
            progress(min(start + block, len(points)), len(points))
    return found


class NearestTraining(Metric):
    """Median distance of generated windows to the nearest training window, over that among the training windows.

    Distances are Euclidean between flattened windows. The denominator is the median, over the distinct training windows, of the
    distance to the nearest other one, so that repeated windows cannot make it zero. Near 0: copies of training windows. Near 1:
    as near to them as they are to each other. Above 1: further away, which novelty and poor quality both are; it is a diagnostic
    to read beside the scores, not a score. Deterministic: one value, whatever the seeds.
    """

    sheet: ClassVar[DataSheet] = DataSheet(
        name="nearest_training",
        title="Distance to the nearest training window",
        symbol="Nearest",
        summary="distance to the nearest training window, over that among training windows: 0 for copies",
        higher_is_better=None,
        range=(0.0, float("inf")),
        ideal=1.0,
        cost="light",
        version=1,
        source="our own definition",
        decimals=2,
    )

    def compute(
        self,
        real: Windows,
        fake: Windows,
        seeds: Sequence[int] = (0,),
        device: str = "cpu",
        prepared: Sequence[Prepared] = (),
        training: Windows | None = None,
        progress: ProgressCallback | None = None,
    ) -> Score:
        """See `Metric.compute`; `training` must be given, and hold two different windows. The real windows are not looked at."""
        del real, seeds, device, prepared
        if training is None:
            raise ValueError("nearest_training compares with the training windows; give them as 'training'.")
        training, fake = check_pair(training, fake, at_least=1)
        seen = np.unique(_flat(training), axis=0)
        if len(seen) < 2:
            raise ValueError(
                "all training windows are the same one; nearest_training needs at least two different ones."
            )
        generated = _flat(fake)
        known = {row.tobytes() for row in seen}
        copied = np.array([row.tobytes() in known for row in generated])
        distances = np.where(copied, 0.0, nearest_distances(generated, seen, progress=progress))
        spacing = nearest_distances(seen, seen, leave_one_out=True)
        median_generated, median_training = float(np.median(distances)), float(np.median(spacing))
        return Score(
            (median_generated / median_training,),
            {
                "median_generated": median_generated,
                "median_training": median_training,
                "exact_copies": float(copied.mean()),
                "distinct_training_windows": len(seen),
            },
        )


def _flat(windows: Windows) -> NDArray[np.float64]:
    """Windows (B, T, D) as float64 rows (B, T · D), with one kind of zero."""
    return windows.reshape(len(windows), -1).astype(np.float64) + 0.0
