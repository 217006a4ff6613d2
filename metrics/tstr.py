"""Train on synthetic, test on real, all features, as a ratio to training on real."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from metrics.base import MetricInfo, Windows
from metrics.common.forecaster import RESOLUTION, fit
from metrics.common.measured import Measured, SeededMetric


class TSTR(SeededMetric):
    """Mean absolute error on real windows of a next-step predictor trained on generated ones, over that of one trained on real.

    A ridge regression predicts every feature from the last four (or T − 1) steps of all. Each seed halves the real windows; both
    predictors are tested on one half, one trained on the other half and one on as many generated windows, then the halves
    change places. Above 1 the generated windows teach worse.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="tstr",
        title="Train on synthetic, test on real",
        symbol="TSTR",
        summary="next-step error on real windows after training on generated ones, over that after training on real ones",
        higher_is_better=None,
        range=(0.0, float("inf")),
        ideal=1.0,
        cost="light",
        version=1,
        source="Esteban, Hyland and Rätsch 2017 (TSTR); predictor, all features and the ratio are ours",
    )
    min_windows = 4
    min_steps = 2

    def measure(self, real: Windows, fake: Windows, seed: int) -> Measured:
        """The ratio over one seed's two halves."""
        rng = np.random.default_rng(seed)
        order, drawn = rng.permutation(len(real)), rng.permutation(len(fake))
        middle = len(real) // 2
        on_fake = on_real = 0.0
        for test, train in ((order[:middle], order[middle:]), (order[middle:], order[:middle])):
            share = len(test) / len(real)
            on_real += share * fit(real[np.sort(train)]).error(real[test])
            on_fake += share * fit(fake[np.sort(drawn[: len(train)])]).error(real[test])
        return Measured((on_fake + RESOLUTION) / (on_real + RESOLUTION), {"on_fake": on_fake, "on_real": on_real})
