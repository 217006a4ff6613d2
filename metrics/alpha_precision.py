"""α-precision: how evenly the generated windows fill the real ones' supports."""

from __future__ import annotations

from typing import ClassVar

from metrics.base import MetricInfo, Windows
from metrics.common.measured import DeterministicMetric, Measured, flat
from metrics.common.supports import support_coverage, support_coverage_floor


class AlphaPrecision(DeterministicMetric):
    """1 − 2 ∫ |P_α − α| dα, P_α the share of generated windows in the smallest ball that holds the share α of real ones.

    Balls are around the mean of the flattened real windows. 0 where all generated windows lie outside, or all in the centre; the
    detail `inwards` (−½ … ½) tells which. The ball knows a window's distance from the mean only: read it beside the others.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="alpha_precision",
        title="α-precision",
        symbol="α-Prec.",
        summary="fidelity: how evenly generated windows fill the real windows' nested supports",
        higher_is_better=True,
        range=(0.0, 1.0),
        ideal=1.0,
        cost="light",
        version=1,
        source="Alaa et al. 2022, integrated α-precision; supports are balls of flattened windows",
    )

    def floor(self, n: int) -> float:
        """1 − √π / (2 √n)."""
        return support_coverage_floor(n)

    def measure(self, real: Windows, fake: Windows) -> Measured:
        """See the class."""
        result = support_coverage(flat(real), flat(fake))
        return Measured(result.value, {"inwards": result.inwards})
