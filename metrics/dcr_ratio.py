"""The copying diagnostic: how far generated windows are from training windows, in units of the training set's spacing."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from metrics.base import DEFAULT_CONTEXT, Metric, MetricInfo, Score, ScoreContext, Windows
from metrics.common.checks import check_training
from metrics.common.comparison import flat
from metrics.common.neighbours import nearest


class DCRRatio(Metric):
    """Median distance of generated windows to the nearest training window, over that among the training windows.

    Distances are Euclidean between flattened windows. The denominator is the median, over the distinct training windows, of the
    distance to the nearest other one, so that repeated windows cannot make it zero. Near 0: copies of training windows. Near 1:
    as near to them as they are to each other. Above 1: further away, which novelty and poor quality both are; it is a diagnostic
    to read beside the scores, not a score. Deterministic: one value, independent of the seeds.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="dcr_ratio",
        title="DCR ratio",
        symbol="DCR",
        summary="distance to the closest training record, relative to that among training windows: 0 for copies, 1 for real",
        higher_is_better=None,
        range=(0.0, float("inf")),
        ideal=1.0,
        cost="light",
        version=1,
        source="our own definition",
        decimals=2,
        memorisation=True,
    )

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; requires `context.training` with two different windows. The real windows have no effect."""
        del real
        training, fake = check_training(self, context, fake)
        seen = np.unique(flat(training), axis=0)
        if len(seen) < 2:
            raise ValueError("all training windows are the same one; dcr_ratio needs at least two different ones.")
        generated = flat(fake)
        known = {row.tobytes() for row in seen}
        copied = np.array([row.tobytes() in known for row in generated])
        distances = np.where(copied, 0.0, nearest(generated, seen).distances)
        spacing = nearest(seen, seen, leave_one_out=True).distances
        median_generated, median_training = float(np.median(distances)), float(np.median(spacing))
        context.progress(1, 1)
        return Score(
            (median_generated / median_training,),
            {
                "median_generated": median_generated,
                "median_training": median_training,
                "exact_copies": float(copied.mean()),
                "distinct_training_windows": len(seen),
            },
        )
