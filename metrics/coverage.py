"""Coverage: the share of real neighbourhoods that hold a generated window."""

from __future__ import annotations

import math
from typing import ClassVar

from metrics.base import MetricInfo, Windows
from metrics.common.measured import DeterministicMetric, Measured, flat
from metrics.common.neighbours import NEIGHBOURS, counts_in_balls, squared_radii


class Coverage(DeterministicMetric):
    """The share of real windows in whose neighbourhood there is a generated one.

    A neighbourhood is the ball around a real window up to its fifth nearest other one, border included; distances are Euclidean
    between flattened windows.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="coverage",
        title="Coverage",
        symbol="Cov.",
        summary="diversity: share of real windows with a generated one in their neighbourhood",
        higher_is_better=True,
        range=(0.0, 1.0),
        ideal=1.0,
        cost="light",
        version=2,
        source="Naeem et al. 2020, equation 4, k = 5, on flattened windows",
        reachable=False,
    )
    min_windows = NEIGHBOURS + 1

    def floor(self, n: int) -> float:
        """1 − Π_{i<k} (n − 1 − i) / (2n − 1 − i): not all of a real window's k nearest of both sets are real."""
        return 1 - math.prod((n - 1 - i) / (2 * n - 1 - i) for i in range(NEIGHBOURS))

    def measure(self, real: Windows, fake: Windows) -> Measured:
        """See the class."""
        a = flat(real)
        counts = counts_in_balls(a, squared_radii(a, NEIGHBOURS), flat(fake))
        return Measured(float((counts > 0).mean()), {"k": NEIGHBOURS})
