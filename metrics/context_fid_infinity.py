"""Context-FID∞: Context-FID extrapolated to endlessly many windows."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from metrics.base import MetricInfo
from metrics.common.encoded import EncodedMetric
from metrics.common.frechet import frechet_distance, moments
from metrics.common.measured import Measured

SIZES = 12
LEAST_SHARE = 0.25


class ContextFIDInfinity(EncodedMetric):
    """The intercept of a line through Context-FID against 1/n at twelve numbers of windows from n/4 to n.

    At each, both sides are subsets drawn without replacement by the seed, since both contribute to the bias. A single value can
    be negative. It takes the bias to fall as 1/n: with fewer windows than the representation has dimensions read it with care.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="context_fid_infinity",
        title="Context-FID∞",
        symbol="C-FID∞",
        summary="Context-FID extrapolated to endlessly many windows, so that values at different n compare",
        higher_is_better=None,
        range=(float("-inf"), float("inf")),
        ideal=0.0,
        cost="training",
        version=2,
        source="Chong and Forsyth 2020 (FID∞), both sides subsampled, on the encoder of Context-FID",
        decimals=4,
    )
    min_windows = 8

    def distance(self, real: NDArray[np.float32], fake: NDArray[np.float32], seed: int) -> Measured:
        """See the class."""
        value, slope = extrapolated(real, fake, seed)
        n = min(len(real), len(fake))
        return Measured(value, {"at_n": value + slope / n, "slope": slope, "windows": n})


def extrapolated(real: NDArray[np.floating], fake: NDArray[np.floating], seed: int) -> tuple[float, float]:
    """Intercept and slope of the Fréchet distance of points (N, C) and (M, C) against 1/n; N, M ≥ 8."""
    rng = np.random.default_rng(seed)
    n = min(len(real), len(fake))
    inverse = np.linspace(1 / n, 1 / (LEAST_SHARE * n), SIZES)
    sizes = np.round(1 / inverse).astype(int)
    distances = []
    for size in sizes:
        drawn = [moments(points[np.sort(rng.permutation(len(points))[:size])]) for points in (real, fake)]
        distances.append(frechet_distance(*drawn[0], *drawn[1]))
    slope, intercept = np.polyfit(1 / sizes, distances, 1)
    return float(intercept), float(slope)
