"""Authenticity: the generated windows further from the training windows than those are from one another."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from metrics.base import DEFAULT_CONTEXT, Metric, MetricInfo, Score, ScoreContext, Windows
from metrics.common.copies import distinct_training
from metrics.common.neighbours import nearest


class Authenticity(Metric):
    """The share of generated windows further from their nearest training window than that window is from any other.

    Distances are Euclidean between flattened, distinct training windows. A perfect generator is authentic unless its window and
    the training window are each other's nearest: 1/3 for points on a line, 0.378 in a plane, ½ in many dimensions.
    Near 0: copies. Near 1: far from the data, which novelty and poor quality both are. Compare with the oracle. One value,
    whatever the seeds; the real windows have no effect.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="authenticity",
        title="Authenticity",
        symbol="Auth.",
        summary="share of generated windows further from the nearest training window than that is from any other; 0 is copying",
        higher_is_better=None,
        range=(0.0, 1.0),
        ideal=0.5,
        cost="light",
        version=1,
        source="Alaa et al. 2022, section 4, authenticity; on flattened windows",
        reachable=False,
        memorisation=True,
    )

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; requires `context.training` with two different windows."""
        del real
        # A training window that occurs twice would be at no distance from itself, and its copies authentic.
        known, generated = distinct_training(self, context, fake)
        found = nearest(generated, known)
        spacing = nearest(known, known, leave_one_out=True).distances
        context.progress(1, 1)
        share = float(np.mean(found.distances > spacing[found.rows]))
        return Score((share,), {"distinct_training_windows": len(known)})
