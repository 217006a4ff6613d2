"""Density: the number of real neighbourhoods that a generated window lies in."""

from __future__ import annotations

from typing import ClassVar

from metrics.base import MetricInfo, Windows
from metrics.common.measured import DeterministicMetric, Measured, flat
from metrics.common.neighbours import NEIGHBOURS, counts_in_balls, squared_radii


class Density(DeterministicMetric):
    """The number of real windows whose neighbourhood holds a generated one, averaged over generated windows, over 5.

    A neighbourhood is the ball around a real window up to its fifth nearest other one, border included; distances are Euclidean
    between flattened windows. Far windows give 0; above 1 the generated windows crowd where the real ones are dense.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="density",
        title="Density",
        symbol="Dens.",
        summary="fidelity: real neighbourhoods that hold a generated window, per generated window, 1 where as many as should",
        higher_is_better=None,
        range=(0.0, float("inf")),
        ideal=1.0,
        cost="light",
        version=2,
        source="Naeem et al. 2020, equation 3, k = 5, on flattened windows",
    )
    min_windows = NEIGHBOURS + 1

    def floor(self, n: int) -> float:
        """1 at every n: a fresh window is in a given ball with probability k / n."""
        del n
        return 1.0

    def measure(self, real: Windows, fake: Windows) -> Measured:
        """See the class."""
        a, b = flat(real), flat(fake)
        counts = counts_in_balls(a, squared_radii(a, NEIGHBOURS), b)
        return Measured(float(counts.sum() / (NEIGHBOURS * len(b))), {"k": NEIGHBOURS})
