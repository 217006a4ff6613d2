"""The classifier two-sample test: signed accuracy above chance, with its p-value."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from metrics.base import MetricInfo, Windows
from metrics.common.measured import Measured, SeededMetric
from metrics.common.two_sample import FOLDS, out_of_fold


class C2ST(SeededMetric):
    """Accuracy − ½ of a cross-validated classifier that does not shrink with the number of features.

    Near −½ the generated windows are copies of the real ones: a copy left out is called what its original is, so the sign
    matters. `details["p_value"]` is the chance of at least this many right answers under Binomial(2n, ½); folds share training
    windows and recorded windows overlap, so it is approximate.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="c2st",
        title="Classifier two-sample test",
        symbol="C2ST",
        summary="accuracy − ½ of cross-validated boosted trees, real against generated; below 0 where generated windows copy",
        higher_is_better=None,
        range=(-0.5, 0.5),
        ideal=0.0,
        cost="training",
        version=1,
        source="Lopez-Paz and Oquab 2017, section 3; the classifier and its columns are ours",
    )
    min_windows = FOLDS

    def floor(self, n: int) -> float:
        """E|accuracy − ½| at chance over 2n answers: √(2/π) · ½ / √(2n)."""
        return 0.5 * math.sqrt(2 / math.pi) / math.sqrt(2 * n)

    def measure(self, real: Windows, fake: Windows, seed: int) -> Measured:
        """One cross-validation; an even probability counts as half a right answer, and is not one in the p-value."""
        from scipy.stats import binomtest

        probabilities, is_real = out_of_fold(real, fake, seed)
        undecided = probabilities == 0.5
        right = ((probabilities > 0.5) == is_real) & ~undecided
        accuracy = float(np.where(undecided, 0.5, right).mean())
        p_value = float(binomtest(int(right.sum()), len(right), 0.5, alternative="greater").pvalue)
        return Measured(accuracy - 0.5, {"p_value": p_value, "windows": len(right) // 2})
