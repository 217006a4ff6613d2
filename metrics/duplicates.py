"""Duplicates: the share of generated windows that are training windows, or nearly so."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from metrics.base import DEFAULT_CONTEXT, Metric, MetricInfo, Score, ScoreContext, Windows
from metrics.common.copies import are_among, distinct_training
from metrics.common.neighbours import nearest

QUANTILE = 0.01
"""A generated window is a near duplicate where this share of the training windows has as near a neighbour."""


class Duplicates(Metric):
    """The share of generated windows that are exact or near duplicates of a training window.

    Near: closer than the 1 % quantile of the distances of distinct training windows to their nearest other one, Euclidean between
    flattened windows. The details give the exact ones, and how many generated windows repeat an earlier generated one. One
    value, independent of the seeds; the real windows have no effect.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="duplicates",
        title="Duplicates",
        symbol="Dup.",
        summary="share of generated windows as near to a training window as the nearest 1 % of training windows are to another",
        higher_is_better=False,
        range=(0.0, 1.0),
        ideal=0.0,
        cost="light",
        version=1,
        source="our own definition",
        reachable=False,
        memorisation=True,
    )

    def floor(self, n: int) -> float:
        """0.01, since a perfect generator's window is to the training windows what one of them left out is to the others."""
        del n
        return QUANTILE

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; requires `context.training` with two different windows."""
        del real
        known, generated = distinct_training(self, context, fake)
        exact = are_among(generated, known)
        near = float(np.quantile(nearest(known, known, leave_one_out=True).distances, QUANTILE))
        found = exact | (nearest(generated, known).distances < near)
        context.progress(1, 1)
        details = {
            "exact": float(exact.mean()),
            "near_below": near,
            "repeated": 1 - len({row.tobytes() for row in generated}) / len(generated),
        }
        return Score((float(found.mean()),), details)
