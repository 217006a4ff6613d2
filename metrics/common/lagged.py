"""Correlations at a lag, pooled over windows and time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from metrics.base import Windows

Doubles = NDArray[np.float64]

_BLOCK_NUMBERS = 4_000_000


def standardized_blocks(windows: Windows) -> Iterator[Doubles]:
    """Blocks of windows (b, T, D) in float64, every feature with mean 0 and variance 1 over all windows and steps.

    A feature whose spread is within float32's rounding of its values is constant: it becomes 0 and correlates with nothing.
    """
    B, T, D = windows.shape
    block = max(1, _BLOCK_NUMBERS // (T * D))
    parts = [slice(start, start + block) for start in range(0, B, block)]
    mean, square = np.zeros(D), np.zeros(D)
    for part in parts:
        mean += windows[part].sum(axis=(0, 1), dtype=np.float64) / (B * T)
    for part in parts:
        square += ((windows[part] - mean) ** 2).sum(axis=(0, 1)) / (B * T)
    std = np.sqrt(square)
    varies = std > np.finfo(np.float32).eps * np.maximum(np.abs(mean), np.finfo(np.float32).tiny)
    scale = np.divide(1, std, out=np.zeros(D), where=varies)
    for part in parts:
        yield (windows[part] - mean) * scale


def autocorrelations(windows: Windows) -> Doubles:
    """The correlation of every feature with itself at the lags 1 … T − 1, pooled over windows (B, T, D): (T − 1, D)."""
    B, T, D = windows.shape
    total = np.zeros((T - 1, D))
    for part in standardized_blocks(windows):
        # Padded to twice the length, the circular correlation of the transform is the plain one.
        power = np.abs(np.fft.rfft(part, n=2 * T, axis=1)) ** 2
        total += np.fft.irfft(power.sum(axis=0), n=2 * T, axis=0)[1:T]
    correlations: Doubles = total / (B * np.arange(T - 1, 0, -1)[:, None])
    return correlations


def cross_correlations(windows: Windows, lags: int) -> Doubles:
    """The correlation of feature i at step t with feature j at step t + lag, pooled over windows (B, T, D): (lags + 1, D, D).

    The first axis is the lag 0 … `lags`; negative lags are the transposes. `lags` < T.
    """
    B, T, D = windows.shape
    total = np.zeros((lags + 1, D, D))
    for part in standardized_blocks(windows):
        for lag in range(lags + 1):
            total[lag] += part[:, : T - lag].reshape(-1, D).T @ part[:, lag:].reshape(-1, D)
    correlations: Doubles = total / (B * np.arange(T, T - lags - 1, -1)[:, None, None])
    return correlations
