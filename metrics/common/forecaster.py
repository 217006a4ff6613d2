"""The fixed forecaster of the utility metrics: a ridge regression of all features on the last steps of all features."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from metrics.base import Windows

Doubles = NDArray[np.float64]

LAGS = 4
PENALTY = 1e-6
"""Ridge penalty per training row, in squared units of the features' range."""
RESOLUTION = 1e-6
"""Added to errors that are compared, in units of the range: series forecast perfectly by both are equal."""
HORIZONS = (1, 3, 6)
"""Steps ahead."""

_BLOCK_NUMBERS = 4_000_000


class Predictor(NamedTuple):
    """An affine forecast `horizon` steps ahead: `weights` (P · D, D) of the last P steps, oldest first, and `bias` (D,)."""

    weights: Doubles
    bias: Doubles
    horizon: int = 1

    def error(self, windows: Windows) -> float:
        """The mean absolute error over windows (B, T, D), steps and features."""
        total = count = 0
        for residuals in self._residuals(windows):
            total += residuals.sum()
            count += residuals.size
        return float(total / count)

    def errors(self, windows: Windows) -> Doubles:
        """The mean absolute error (B,) over steps and features of each of the windows (B, T, D)."""
        steps = windows.shape[1] - len(self.weights) // windows.shape[2] - self.horizon + 1
        found = [part.reshape(-1, steps * windows.shape[2]).mean(axis=1) for part in self._residuals(windows)]
        return np.concatenate(found)

    def _residuals(self, windows: Windows) -> Iterator[Doubles]:
        """Absolute residuals (R, D) of blocks of windows."""
        lags = len(self.weights) // windows.shape[2]
        for inputs, targets in _blocks(windows, lags, self.horizon):
            yield np.abs(inputs @ self.weights + self.bias - targets)


def lags_of(length: int) -> int:
    """The last steps that a forecast reads in windows of T = `length` steps."""
    return min(LAGS, length - 1)


def horizons_of(length: int) -> tuple[int, ...]:
    """Those of `HORIZONS` that fit behind the lags in windows of T = `length` steps; T is at least 2."""
    return tuple(horizon for horizon in HORIZONS if lags_of(length) + horizon <= length)


def fit(windows: Windows, horizon: int = 1) -> Predictor:
    """The ridge regression of the steps of windows (B, T, D) on the steps that end `horizon` before; T is at least 2."""
    from scipy import linalg

    _, T, D = windows.shape
    lags = lags_of(T)
    width = lags * D
    sums, products, rows = np.zeros(width + D), np.zeros((width + D, width + D)), 0
    for inputs, targets in _blocks(windows, lags, horizon):
        both = np.concatenate([inputs, targets], axis=1)
        sums += both.sum(axis=0)
        products += both.T @ both
        rows += len(both)
    mean = sums / rows
    covariance = products / rows - np.outer(mean, mean)
    penalised = covariance[:width, :width] + PENALTY * np.eye(width)
    weights = linalg.solve(penalised, covariance[:width, width:], assume_a="pos")
    return Predictor(weights, mean[width:] - mean[:width] @ weights, horizon)


def horizon_errors(training: Windows, tests: Windows) -> Doubles:
    """The errors (H, N) by horizon of each of the windows `tests` (N, T, D) after training on `training` (B, T, D)."""
    return np.stack([fit(training, horizon).errors(tests) for horizon in horizons_of(tests.shape[1])])


def _blocks(windows: Windows, lags: int, horizon: int) -> Iterator[tuple[Doubles, Doubles]]:
    """Inputs (R, P · D) and targets (R, D), `horizon` steps after the last input, of blocks of windows (B, T, D)."""
    B, T, D = windows.shape
    block = max(1, _BLOCK_NUMBERS // (T * lags * D))
    steps = T - lags - horizon + 1
    for start in range(0, B, block):
        part = windows[start : start + block].astype(np.float64)
        inputs = np.concatenate([part[:, lag : lag + steps] for lag in range(lags)], axis=2)
        yield inputs.reshape(-1, lags * D), part[:, lags + horizon - 1 :].reshape(-1, D)
