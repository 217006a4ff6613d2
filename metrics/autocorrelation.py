"""The difference of autocorrelations."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from metrics.base import MetricInfo, Windows
from metrics.common.lagged import autocorrelations
from metrics.common.measured import DeterministicMetric, Measured


class Autocorrelation(DeterministicMetric):
    """Mean |difference| of the autocorrelations of real and generated windows, over all lags 1 … T − 1 and features.

    Mean and variance are pooled over windows and steps, so the level of a window counts as memory. A constant feature has none.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="autocorrelation",
        title="Autocorrelation difference",
        symbol="ACF",
        summary="mean |difference| of autocorrelations over all lags and features",
        higher_is_better=False,
        range=(0.0, float("inf")),
        ideal=0.0,
        cost="light",
        version=1,
        source="after Wiese et al. 2020 (Quant GANs), ACF score; mean absolute instead of Euclidean distance",
    )
    min_steps = 2

    def measure(self, real: Windows, fake: Windows) -> Measured:
        """See the class."""
        difference = np.abs(autocorrelations(real) - autocorrelations(fake))
        return Measured(float(difference.mean()), {"by_feature": difference.mean(axis=0).tolist()})
