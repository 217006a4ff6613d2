"""The difference of lagged cross-correlations between features."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from metrics.base import MetricInfo, Windows
from metrics.common.lagged import cross_correlations
from metrics.common.measured import DeterministicMetric, Measured

MOST_LAGS = 24


class CrossCorrelation(DeterministicMetric):
    """Mean |difference| of the cross-correlations of all pairs of features at the lags −L … L, L = min(T − 1, 24).

    Mean and variance are pooled over windows and steps. One feature alone has no pair: NotApplicable is raised.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="cross_correlation",
        title="Cross-correlation difference",
        symbol="CCF",
        summary="mean |difference| of cross-correlations over pairs of features and lags up to 24 either way",
        higher_is_better=False,
        range=(0.0, float("inf")),
        ideal=0.0,
        cost="light",
        version=1,
        source="our own definition",
    )
    min_features = 2

    def measure(self, real: Windows, fake: Windows) -> Measured:
        """See the class."""
        lags = min(real.shape[1] - 1, MOST_LAGS)
        difference = np.abs(cross_correlations(real, lags) - cross_correlations(fake, lags))
        early, late = np.triu_indices(real.shape[2], 1)
        either_way = np.concatenate([difference[:, early, late], difference[1:, late, early]])
        return Measured(float(either_way.mean()), {"lags": lags})
