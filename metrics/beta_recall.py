"""β-recall: how evenly the real windows fill the generated ones' supports."""

from __future__ import annotations

from typing import ClassVar

from metrics.base import MetricInfo, Windows
from metrics.common.measured import DeterministicMetric, Measured, flat
from metrics.common.supports import support_coverage, support_coverage_floor


class BetaRecall(DeterministicMetric):
    """1 − 2 ∫ |R_β − β| dβ, R_β the share of real windows in the smallest ball that holds the share β of generated ones.

    Balls are around the mean of the flattened generated windows. It is the definition taken at its word; the estimator of the
    source's appendix, which also asks for near neighbours, does not reach 1 for a perfect generator: coverage stands for it.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="beta_recall",
        title="β-recall",
        symbol="β-Rec.",
        summary="diversity: how evenly real windows fill the generated windows' nested supports",
        higher_is_better=True,
        range=(0.0, 1.0),
        ideal=1.0,
        cost="light",
        version=1,
        source="Alaa et al. 2022, integrated β-recall; supports are balls of flattened windows",
    )

    def floor(self, n: int) -> float:
        """1 − √π / (2 √n)."""
        return support_coverage_floor(n)

    def measure(self, real: Windows, fake: Windows) -> Measured:
        """See the class."""
        result = support_coverage(flat(fake), flat(real))
        return Measured(result.value, {"inwards": result.inwards})
