"""The Wasserstein distance of each feature's values."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from metrics.base import MetricInfo, Windows
from metrics.common.measured import DeterministicMetric, Measured


class MarginalWasserstein(DeterministicMetric):
    """Mean over features of the Wasserstein-1 distance between all real and all generated values of a feature.

    In units of the feature's range. Order in time and ties between features play no part.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="marginal_wasserstein",
        title="Marginal Wasserstein distance",
        symbol="W1",
        summary="Wasserstein-1 distance between the values of a feature, averaged over features",
        higher_is_better=False,
        range=(0.0, float("inf")),
        ideal=0.0,
        cost="light",
        version=1,
        source="Wasserstein-1 distance in one dimension (Vallender 1974), by SciPy",
        decimals=4,
    )
    min_windows = 1

    def measure(self, real: Windows, fake: Windows) -> Measured:
        """See the class."""
        from scipy.stats import wasserstein_distance

        by_feature = [
            float(wasserstein_distance(real[:, :, feature].ravel(), fake[:, :, feature].ravel()))
            for feature in range(real.shape[2])
        ]
        return Measured(float(np.mean(by_feature)), {"by_feature": by_feature})
