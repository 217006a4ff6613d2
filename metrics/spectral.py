"""The distance of log power spectra."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from metrics.base import MetricInfo, Windows
from metrics.common.measured import DeterministicMetric, Measured

FLOOR_POWER = 1e-8
"""Added to every power: that of white noise with a standard deviation of 1e-4 of the range."""

_BLOCK_NUMBERS = 4_000_000


class Spectral(DeterministicMetric):
    """Root mean square difference of the log power spectra over frequencies, averaged over features.

    The power at the frequencies 1/T … ½ a step is averaged over windows and its natural logarithm taken: a difference of 1 means
    e times the power. The mean of a window is no part of its spectrum here. Nothing is tapered: both sides leak alike.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="spectral",
        title="Spectral distance",
        symbol="Spec.",
        summary="root mean square difference of log power spectra over frequencies, averaged over features",
        higher_is_better=False,
        range=(0.0, float("inf")),
        ideal=0.0,
        cost="light",
        version=1,
        source="log-spectral distance of Gray and Markel 1976, on spectra averaged over windows",
    )
    min_steps = 2

    def measure(self, real: Windows, fake: Windows) -> Measured:
        """See the class."""
        difference = np.log(power_spectra(real) + FLOOR_POWER) - np.log(power_spectra(fake) + FLOOR_POWER)
        by_feature = np.sqrt((difference**2).mean(axis=0))
        return Measured(float(by_feature.mean()), {"by_feature": by_feature.tolist()})


def power_spectra(windows: Windows) -> NDArray[np.float64]:
    """The mean power of windows (B, T, D) at the frequencies 1/T … ½ a step: (T // 2, D); white noise has its variance there."""
    B, T, D = windows.shape
    block = max(1, _BLOCK_NUMBERS // (T * D))
    total = np.zeros((T // 2, D))
    for start in range(0, B, block):
        exact = windows[start : start + block].astype(np.float64)
        total += (np.abs(np.fft.rfft(exact, axis=1)[:, 1:]) ** 2).sum(axis=0)
    power: NDArray[np.float64] = total / (B * T)
    return power
