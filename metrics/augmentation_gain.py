"""Utility beside real windows: what generated windows add to the training windows of a forecaster."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from metrics.base import DEFAULT_CONTEXT, Metric, MetricInfo, Score, ScoreContext, Windows
from metrics.common.checks import check_pair, check_shape, check_training
from metrics.common.clusters import Estimate, Variance, check_blocks, mean_ratio_by_block
from metrics.common.copies import are_among
from metrics.common.forecaster import RESOLUTION, horizon_errors, horizons_of
from metrics.common.measured import flat

GROUPS = 5
"""Runs of generated windows, each left out once for the spread of the gain over generated windows: in order, since windows that
follow one another may overlap."""


class AugmentationGain(Metric):
    """1 − the error on test windows of a forecaster trained on training and generated windows over that on training windows.

    The forecaster and its horizons are those of `tstr_horizons`, all training windows are used, and the value is the mean over
    the horizons. A generated window that is a training window is left out, since a set holds it already: a copier gains 0
    exactly. Positive: the generated windows help. Deterministic: one value, whatever the seeds.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="augmentation_gain",
        title="Gain by augmentation",
        symbol="Gain",
        summary="relative gain in error on held-out windows from adding generated to training windows; 0 adds nothing",
        higher_is_better=True,
        range=(float("-inf"), 1.0),
        ideal=1.0,
        cost="light",
        version=2,
        source="our own definition; augmentation as in Ravuri and Vinyals 2019 (classification accuracy score, section 4)",
        reachable=False,
    )
    min_steps = 2

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; requires `context.training` and `context.blocks`.

        Details: the 95 % interval `low`, `high`, the two-sided `p_value` of no gain, both by blocks of test windows and by the
        jackknife over five runs of generated windows in their order; `added`, the number of generated windows that are no
        training windows; `horizons`, and the gain `by_horizon`.
        """
        training, fake = check_training(self, context, fake)
        real, _ = check_pair(real, fake, self.min_windows)
        check_shape(self, real)
        blocks = check_blocks(self, context)
        added = fake[~are_among(flat(fake), flat(training))]
        alone = horizon_errors(training, real) + RESOLUTION
        together = horizon_errors(np.concatenate([training, added]), real) + RESOLUTION
        ratio = mean_ratio_by_block(together, alone, blocks.real)
        group_of = np.arange(len(added)) * GROUPS // max(len(added), 1)
        without = [added[group_of != group] for group in range(GROUPS)]
        means = [
            (horizon_errors(np.concatenate([training, rest]), real).mean(axis=1) / alone.mean(axis=1)).mean()
            for rest in without
        ]
        spread = Variance((GROUPS - 1) * float(np.var(means)), GROUPS - 1)
        gain = Estimate(1 - ratio.value, ratio.variance.plus(spread))
        low, high = gain.interval(highest=1)
        context.progress(1, 1)
        details = {
            "low": low,
            "high": high,
            "p_value": gain.p_value(0, "two-sided"),
            "added": len(added),
            "horizons": list(horizons_of(real.shape[1])),
            "by_horizon": (1 - together.mean(axis=1) / alone.mean(axis=1)).tolist(),
        }
        return Score((gain.value,), {name: [value] for name, value in details.items()})
