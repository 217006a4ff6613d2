"""The correlational score of Diffusion-TS."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from metrics.base import MetricInfo, Windows
from metrics.common.lagged import cross_correlations
from metrics.common.measured import DeterministicMetric, Measured


class Correlational(DeterministicMetric):
    """A tenth of the sum, over all pairs of features, of |difference| of their correlations at lag 0.

    Correlations are pooled over windows and steps; each pair counts once. It grows with the number of pairs, so it compares
    within one data set only. One feature alone has no pair: NotApplicable is raised.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="correlational",
        title="Correlational score",
        symbol="Corr.",
        summary="|difference| of correlations between features at lag 0, summed over pairs, a tenth of it",
        higher_is_better=False,
        range=(0.0, float("inf")),
        ideal=0.0,
        cost="light",
        version=1,
        source="Yuan and Qiao 2024 (Diffusion-TS), correlational score; after Liao et al. 2020 (conditional Sig-WGAN)",
    )
    min_features = 2

    def measure(self, real: Windows, fake: Windows) -> Measured:
        """See the class."""
        difference = np.abs(cross_correlations(real, 0)[0] - cross_correlations(fake, 0)[0])
        pairs = np.triu_indices(real.shape[2], 1)
        return Measured(float(difference[pairs].sum() / 10), {"pairs": len(pairs[0])})
