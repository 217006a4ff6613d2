"""Train on synthetic, test on real, all features, as a ratio to training on real."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from metrics.base import MetricInfo, Windows
from metrics.common.comparison import Measured, SeededComparison

Doubles = NDArray[np.float64]

LAGS = 4
PENALTY = 1e-6
"""Ridge penalty per training row, in squared units of the features' range."""
RESOLUTION = 1e-6
"""Added to both errors, in units of the range: series predicted perfectly by both are equal."""

_BLOCK_NUMBERS = 4_000_000


class TSTR(SeededComparison):
    """Mean absolute error on real windows of a next-step predictor trained on generated ones, over that of one trained on real.

    A ridge regression predicts every feature from the last four (or T − 1) steps of all. Each seed halves the real windows; both
    predictors are tested on one half, one trained on the other half and one on as many generated windows, then the halves
    change places. Above 1 the generated windows teach worse.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="tstr",
        title="Train on synthetic, test on real",
        symbol="TSTR",
        summary="next-step error on real windows after training on generated ones, over that after training on real ones",
        higher_is_better=False,
        range=(0.0, float("inf")),
        ideal=1.0,
        cost="light",
        version=1,
        source="Esteban, Hyland and Rätsch 2017 (TSTR); predictor, all features and the ratio are ours",
    )
    min_windows = 4
    min_steps = 2

    def measure(self, real: Windows, fake: Windows, seed: int) -> Measured:
        """The ratio over one seed's two halves."""
        rng = np.random.default_rng(seed)
        order, drawn = rng.permutation(len(real)), rng.permutation(len(fake))
        middle = len(real) // 2
        on_fake = on_real = 0.0
        for test, train in ((order[:middle], order[middle:]), (order[middle:], order[:middle])):
            share = len(test) / len(real)
            on_real += share * fit(real[np.sort(train)]).error(real[test])
            on_fake += share * fit(fake[np.sort(drawn[: len(train)])]).error(real[test])
        return Measured((on_fake + RESOLUTION) / (on_real + RESOLUTION), {"on_fake": on_fake, "on_real": on_real})


class Predictor(NamedTuple):
    """An affine next-step predictor: `weights` (P · D, D) of the last P steps, oldest first, and `bias` (D,)."""

    weights: Doubles
    bias: Doubles

    def error(self, windows: Windows) -> float:
        """The mean absolute error over windows (B, T, D), steps and features."""
        lags = len(self.weights) // windows.shape[2]
        total = count = 0
        for inputs, targets in _blocks(windows, lags):
            total += np.abs(inputs @ self.weights + self.bias - targets).sum()
            count += targets.size
        return float(total / count)


def fit(windows: Windows) -> Predictor:
    """The ridge regression of each step of windows (B, T, D) on the steps before it; T is at least 2."""
    from scipy import linalg

    _, T, D = windows.shape
    lags = min(LAGS, T - 1)
    width = lags * D
    sums, products, rows = np.zeros(width + D), np.zeros((width + D, width + D)), 0
    for inputs, targets in _blocks(windows, lags):
        both = np.concatenate([inputs, targets], axis=1)
        sums += both.sum(axis=0)
        products += both.T @ both
        rows += len(both)
    mean = sums / rows
    covariance = products / rows - np.outer(mean, mean)
    penalised = covariance[:width, :width] + PENALTY * np.eye(width)
    weights = linalg.solve(penalised, covariance[:width, width:], assume_a="pos")
    return Predictor(weights, mean[width:] - mean[:width] @ weights)


def _blocks(windows: Windows, lags: int) -> Iterator[tuple[Doubles, Doubles]]:
    """Inputs (R, P · D) and targets (R, D) of blocks of windows (B, T, D)."""
    B, T, D = windows.shape
    block = max(1, _BLOCK_NUMBERS // (T * lags * D))
    for start in range(0, B, block):
        part = windows[start : start + block].astype(np.float64)
        inputs = np.concatenate([part[:, lag : T - lags + lag] for lag in range(lags)], axis=2)
        yield inputs.reshape(-1, lags * D), part[:, lags:].reshape(-1, D)
