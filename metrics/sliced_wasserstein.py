"""The sliced Wasserstein distance of whole windows."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from metrics.base import MetricInfo, Windows
from metrics.common.measured import Measured, SeededMetric, flat

PROJECTIONS = 200


class SlicedWasserstein(SeededMetric):
    """Mean Wasserstein-1 distance between flattened windows along 200 directions, drawn uniformly by the seed."""

    info: ClassVar[MetricInfo] = MetricInfo(
        name="sliced_wasserstein",
        title="Sliced Wasserstein distance",
        symbol="SW1",
        summary="Wasserstein-1 distance between flattened windows on random lines, averaged over 200 lines",
        higher_is_better=False,
        range=(0.0, float("inf")),
        ideal=0.0,
        cost="light",
        version=1,
        source="Bonneel, Rabin, Peyré and Pfister 2015, of order 1",
        decimals=4,
    )
    min_windows = 1

    def measure(self, real: Windows, fake: Windows, seed: int) -> Measured:
        """The distance along one seed's directions."""
        from scipy.stats import wasserstein_distance

        a, b = flat(real), flat(fake)
        directions = np.random.default_rng(seed).standard_normal((PROJECTIONS, a.shape[1]))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        along_a, along_b = directions @ a.T, directions @ b.T
        distances = [wasserstein_distance(p, q) for p, q in zip(along_a, along_b, strict=True)]
        return Measured(float(np.mean(distances)), {})
