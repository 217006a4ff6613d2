"""A multivariate Gaussian over flattened windows: the least a model must beat."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from benchmark.interface import (
    FitContext,
    Generator,
    Windows,
    check_sampling,
    check_windows,
    read_parameters,
    write_parameters,
)


class Gaussian(Generator):
    """Mean and covariance of the T·D values of a window; samples are clipped to [0, 1].

    A factor A with AᵀA = covariance replaces the covariance (see `fit_gaussian`).
    """

    is_control = True

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Estimate mean and covariance from windows (N, T, D); raises UserError for windows that cannot work."""
        del context
        self.shape_ = check_windows(windows, self)[1:]
        self.mean_, self.factor_ = fit_gaussian(windows.reshape(len(windows), -1).astype(np.float64))
        return self

    def sample(self, n: int, seed: int) -> Windows:
        """`n` windows (n, T, D) of the fitted distribution, clipped to [0, 1]; raises UserError before `fit` or for n < 1."""
        check_sampling(self, "factor_", n)
        normal = np.random.default_rng(seed).standard_normal((n, len(self.factor_)))
        flat = np.clip(self.mean_ + normal @ self.factor_, 0.0, 1.0)
        return flat.reshape(n, *self.shape_).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write mean, factor and the window's shape."""
        np.savez(folder / "gaussian.npz", mean=self.mean_, factor=self.factor_)
        write_parameters(self, folder, shape=list(self.shape_))

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """The Gaussian that `save` wrote; NumPy samples it on every device."""
        del device
        parameters, fitted = read_parameters(folder)
        generator = cls(**parameters)
        generator.shape_ = tuple(fitted["shape"])
        with np.load(folder / "gaussian.npz", allow_pickle=False) as archive:
            generator.mean_, generator.factor_ = archive["mean"], archive["factor"]
        return generator

    @property
    def num_parameters(self) -> int:
        """Means and distinct covariances; 0 before `fit`."""
        return sum(self.parameter_counts(*self.shape_).values()) if hasattr(self, "shape_") else 0

    def parameter_counts(self, length: int, features: int) -> Mapping[str, int]:
        """Means and distinct covariances of windows (T=length, D=features)."""
        size = length * features
        return {"mean": size, "covariance": size * (size + 1) // 2}


def fit_gaussian(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (M,) and a factor A (R, M) with AᵀA = the sample covariance of rows (N, M), exactly, whatever its rank.

    A is the triangle of a QR decomposition where there are more rows than columns, else the centred rows themselves.
    """
    mean = rows.mean(axis=0)
    centred = (rows - mean) / np.sqrt(max(1, len(rows) - 1))
    return mean, triangle(centred) if len(rows) > rows.shape[1] else centred


def triangle(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """R of the decomposition rows = Q R: as few rows as can have the same RᵀR."""
    return np.asarray(np.linalg.qr(rows, mode="r"), dtype=np.float64)
