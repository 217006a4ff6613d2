"""The classifier two-sample test by ranks: the area under the ROC curve."""

from __future__ import annotations

import math
from typing import ClassVar

from metrics.base import MetricInfo, Windows
from metrics.common.measured import Measured, SeededMetric
from metrics.common.two_sample import FOLDS, out_of_fold


class C2STAUC(SeededMetric):
    """How often a cross-validated classifier finds a real window more real than a generated one; ½ is chance.

    The classifier is that of `c2st`. Ranks still differ where all answers fall on one side of ½, so this sees small
    differences earlier. The p-value is that of the Mann-Whitney statistic under the null, normal approximation.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="c2st_auc",
        title="Classifier two-sample test, AUC",
        symbol="AUC",
        summary="area under the ROC curve of cross-validated boosted trees, real against generated; ½ is chance",
        higher_is_better=None,
        range=(0.0, 1.0),
        ideal=0.5,
        cost="training",
        version=1,
        source="Friedman 2003 (a rank test of a classifier's outputs), Hanley and McNeil 1982 (AUC); the classifier is ours",
    )
    min_windows = FOLDS

    def floor(self, n: int) -> float:
        """½ + E|AUC − ½| at chance, √(2/π) of the standard deviation of the Mann-Whitney statistic, √((2n + 1) / (12 n²))."""
        return 0.5 + math.sqrt(2 / math.pi) * _auc_std(n)

    def measure(self, real: Windows, fake: Windows, seed: int) -> Measured:
        """One cross-validation."""
        from sklearn.metrics import roc_auc_score

        probabilities, is_real = out_of_fold(real, fake, seed)
        n = len(is_real) // 2
        area = float(roc_auc_score(is_real, probabilities))
        p_value = 0.5 * math.erfc((area - 0.5) / _auc_std(n) / math.sqrt(2))
        return Measured(area, {"p_value": p_value, "windows": n})


def _auc_std(n: int) -> float:
    """The standard deviation of the AUC of n against n exchangeable values."""
    return math.sqrt((2 * n + 1) / 12) / n
