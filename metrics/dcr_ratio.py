"""The copying diagnostic: how far generated windows are from training windows, in units of the training set's spacing."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from metrics.base import DEFAULT_CONTEXT, Metric, MetricInfo, Score, ScoreContext, Windows
from metrics.common.copies import are_among, distinct_training
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
        known, generated = distinct_training(self, context, fake)
        copied = are_among(generated, known)
        distances = np.where(copied, 0.0, nearest(generated, known).distances)
        spacing = nearest(known, known, leave_one_out=True).distances
        median_generated, median_training = float(np.median(distances)), float(np.median(spacing))
        context.progress(1, 1)
        return Score(
            (median_generated / median_training,),
            {
                "median_generated": median_generated,
                "median_training": median_training,
                "exact_copies": float(copied.mean()),
                "distinct_training_windows": len(known),
            },
        )
