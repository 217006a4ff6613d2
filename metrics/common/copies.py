"""What diagnostics of copying share: the distinct training windows, and which windows are exactly among others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metrics.base import Metric, ScoreContext, Windows
from metrics.common.checks import check_training
from metrics.common.measured import flat
from metrics.common.neighbours import Points


def distinct_training(metric: Metric, context: ScoreContext, fake: Windows) -> tuple[Points, Points]:
    """The distinct training windows (N, T·D), two or more, and the generated windows (M, T·D), flattened.

    Raises:
        ValueError: `check_training` refuses the windows, or all training windows are the same one.
    """
    training, fake = check_training(metric, context, fake)
    known = np.unique(flat(training), axis=0)
    if len(known) < 2:
        raise ValueError(
            f"all training windows are the same one; {metric.info.name} needs at least two different ones."
        )
    return known, flat(fake)


def are_among(points: Points, others: Points) -> NDArray[np.bool_]:
    """Whether each of `points` (B, F) equals one of `others` (M, F), coordinate by coordinate: (B,)."""
    seen = {row.tobytes() for row in others}
    return np.array([row.tobytes() in seen for row in points], np.bool_)
