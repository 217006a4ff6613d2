"""Utility: train on synthetic, test on held-out windows, at several horizons, as a ratio to training on real windows."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from metrics.base import DEFAULT_CONTEXT, Metric, MetricInfo, Score, ScoreContext, Windows
from metrics.common.checks import check_pair, check_shape, check_training
from metrics.common.clusters import Doubles, Numbers, Variance, check_blocks, mean_ratio_by_block
from metrics.common.forecaster import RESOLUTION, horizon_errors, horizons_of
from metrics.common.measured import Measured, collect

DRAWS = 5
"""Draws of real training windows a repetition."""


class TSTRHorizons(Metric):
    """Mean absolute error on test windows of a forecaster trained on generated windows, over that of one trained on real ones.

    A ridge regression forecasts every feature 1, 3 and 6 steps ahead (as far as T allows) from the last four (or T − 1) steps of
    all. The real windows are as many training windows as generated ones, drawn with replacement five times by each seed; their
    errors are averaged. The value is the mean of the horizons' ratios. Above 1 the generated windows teach worse; a copier,
    which draws in the same way, scores 1.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="tstr_horizons",
        title="Train on synthetic, test on held-out, by horizon",
        symbol="TSTR-h",
        summary="error on held-out windows 1, 3 and 6 steps ahead after training on generated, over that on training windows",
        higher_is_better=None,
        range=(0.0, float("inf")),
        ideal=1.0,
        cost="light",
        version=2,
        source="Esteban, Hyland and Rätsch 2017 (TSTR); forecaster, horizons, ratio and error by blocks are ours",
    )
    min_steps = 2

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; requires `context.training` and `context.blocks`.

        Details by repetition: the 95 % interval `low`, `high`, the one-sided `p_value` of a ratio above 1 (both by blocks of
        test windows and the spread of the draws), `horizons`, and `on_fake`, `on_real`, the errors by horizon.
        """
        training, fake = check_training(self, context, fake)
        real, _ = check_pair(real, fake, self.min_windows)
        check_shape(self, real)
        blocks = check_blocks(self, context)
        on_fake = horizon_errors(fake, real) + RESOLUTION
        repetitions = []
        for number, rng in enumerate(context.rngs()):
            rows = rng.integers(0, len(training), (DRAWS, len(fake)))
            on_real = np.stack([horizon_errors(training[np.sort(drawn)], real) for drawn in rows]) + RESOLUTION
            repetitions.append(_compared(on_fake, on_real, blocks.real, horizons_of(real.shape[1])))
            context.progress(number + 1, len(context.seeds))
        return collect(repetitions)


def _compared(on_fake: Doubles, on_real: Doubles, blocks: Numbers, horizons: tuple[int, ...]) -> Measured:
    """The mean ratio of errors (H, N) to the mean over draws of errors (R, H, N)."""
    mean = on_real.mean(axis=0)
    estimate = mean_ratio_by_block(on_fake, mean, blocks)
    # The generated windows are one draw, the mean of the others R of them.
    by_draw = (on_real.mean(axis=2) / mean.mean(axis=1)).mean(axis=1)
    relative = float(by_draw.var(ddof=1)) * (1 + 1 / DRAWS)
    # The error of a ratio grows with it: at the value for the interval, at 1 for the test against 1.
    at_value, at_one = (
        estimate._replace(variance=estimate.variance.plus(Variance(relative * ratio**2, DRAWS - 1)))
        for ratio in (estimate.value, 1)
    )
    low, high = at_value.interval(lowest=0)
    details = {
        "low": low,
        "high": high,
        "p_value": at_one.p_value(1, "greater"),
        "horizons": list(horizons),
        "on_fake": on_fake.mean(axis=1).tolist(),
        "on_real": mean.mean(axis=1).tolist(),
    }
    return Measured(estimate.value, details)
