"""The least a model must beat: a multivariate normal law over flattened windows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np

from benchmark.interface import FitContext, Generator, Windows, read_parameters, write_parameters


class Gaussian(Generator):
    """Mean and covariance of the T·D numbers of a window; samples are clipped to [0, 1].

    A factor A with AᵀA = covariance replaces the covariance: the triangle of a QR decomposition where there are more windows
    than numbers in a window, the centred windows themselves otherwise. Both give the sample covariance exactly.
    """

    is_control = True

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Estimate mean and covariance from windows (N, T, D)."""
        del context
        flat = windows.reshape(len(windows), -1).astype(np.float64)
        self.shape_ = windows.shape[1:]
        self.mean_ = flat.mean(axis=0)
        centred = (flat - self.mean_) / np.sqrt(max(1, len(flat) - 1))
        self.factor_ = np.linalg.qr(centred, mode="r") if len(flat) > flat.shape[1] else centred
        return self

    def sample(self, n: int, seed: int) -> Windows:
        """`n` windows (n, T, D) of the fitted law, clipped to [0, 1]."""
        normal = np.random.default_rng(seed).standard_normal((n, len(self.factor_)))
        flat = np.clip(self.mean_ + normal @ self.factor_, 0.0, 1.0)
        return flat.reshape(n, *self.shape_).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write mean, factor and the window's shape."""
        np.savez(folder / "law.npz", mean=self.mean_, factor=self.factor_)
        write_parameters(self, folder, shape=list(self.shape_))

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """The law that `save` wrote; it is sampled by NumPy whatever the device."""
        del device
        parameters, fitted = read_parameters(folder)
        law = cls(**parameters)
        law.shape_ = tuple(fitted["shape"])
        with np.load(folder / "law.npz", allow_pickle=False) as archive:
            law.mean_, law.factor_ = archive["mean"], archive["factor"]
        return law

    @property
    def num_parameters(self) -> int:
        """Means and distinct covariances."""
        return sum(self.parts(*self.shape_).values())

    def parts(self, length: int, features: int) -> Mapping[str, int]:
        """Means and distinct covariances of windows (T=length, D=features)."""
        size = length * features
        return {"mean": size, "covariance": size * (size + 1) // 2}
