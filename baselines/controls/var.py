"""Vector autoregression: the best that linear dynamics with Gaussian noise can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from baselines.controls.gaussian import fit_gaussian, triangle
from benchmark.interface import (
    FitContext,
    Generator,
    Windows,
    check_sampling,
    check_windows,
    read_parameters,
    write_parameters,
)

Array = NDArray[np.float64]

CHUNK_ROWS = 1 << 15
LARGEST_MODULUS = 0.9999  # of the companion matrix's eigenvalues, so that no simulation grows
SMALLEST_VARIANCE = 1e-12  # noise below a millionth of a feature's range is none


class VAR(Generator):
    """x_t = c + A_1 x_{t−1} + … + A_p x_{t−p} + e_t, e_t normal, by least squares on pairs that lie within a window.

    (Lütkepohl 2005, sections 3.2 and 4.3.) `statsmodels`' own VAR takes one series and would pair the end of one window with
    the start of the next; on a single window both agree. The order p is the one with the least Bayesian criterion from 0 to
    `max_order`, as far as windows hold p + 1 steps and there are more targets than unknowns in an equation. An unstable fit
    is made stable by A_i ← ρ^i A_i, which multiplies every eigenvalue of the companion matrix by ρ; c and the noise are then
    estimated anew. A sample begins with P = min(max_order, T − 1) steps from the Gaussian with the mean and covariance of the
    training windows' first P steps, since recorded series are too close to a unit root for a stationary distribution. It is
    simulated from there and clipped to [0, 1] at the end.
    """

    is_control = True

    def __init__(self, max_order: Annotated[int, Field(ge=1)] = 5) -> None:
        self.max_order = max_order

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Choose the order and estimate from windows (N, T, D); raises UserError for what cannot work."""
        del context
        self.parameters()
        count, length, features = check_windows(windows, self)
        self.shape_ = (length, features)
        lags = self._lags(length)
        self.start_ = fit_gaussian(windows[:, :lags].reshape(count, -1).astype(np.float64))
        self.process_ = estimate(_Regression(windows, choose_order(windows, lags)))
        return self

    def sample(self, n: int, seed: int) -> Windows:
        """`n` simulated windows (n, T, D), clipped to [0, 1]; raises UserError before `fit` or for n < 1."""
        check_sampling(self, "process_", n)
        (length, features), process, rng = self.shape_, self.process_, np.random.default_rng(seed)
        lags = self._lags(length)
        mean, factor = self.start_
        first = (mean + rng.standard_normal((n, len(factor))) @ factor).reshape(n, lags, features)
        steps = [first[:, t] for t in range(lags)]
        for _ in range(lags, length):
            noise = rng.standard_normal((n, len(process.noise))) @ process.noise
            past = sum(steps[-i] @ matrix.T for i, matrix in enumerate(process.matrices, start=1))
            steps.append(process.intercept + past + noise)
        return np.stack([np.clip(step, 0.0, 1.0).astype(np.float32) for step in steps], axis=1)

    def save(self, folder: Path) -> None:
        """Write the Gaussian of the first steps, the autoregression and the window's shape."""
        mean, factor = self.start_
        process = self.process_
        np.savez(
            folder / "autoregression.npz",
            mean=mean,
            factor=factor,
            intercept=process.intercept,
            matrices=process.matrices,
            noise=process.noise,
        )
        write_parameters(self, folder, shape=list(self.shape_), order=len(self.process_.matrices))

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """The autoregression that `save` wrote; it is sampled by NumPy whatever the device."""
        del device
        parameters, fitted = read_parameters(folder)
        generator = cls(**parameters)
        generator.shape_ = tuple(fitted["shape"])
        with np.load(folder / "autoregression.npz", allow_pickle=False) as archive:
            generator.start_ = archive["mean"], archive["factor"]
            generator.process_ = Autoregression(archive["intercept"], archive["matrices"], archive["noise"])
        return generator

    @property
    def num_parameters(self) -> int:
        """Parameters of first steps and autoregression; matrices above the chosen order count, as the data set them to 0."""
        return sum(self.parameter_counts(*self.shape_).values()) if hasattr(self, "process_") else 0

    def parameter_counts(self, length: int, features: int) -> Mapping[str, int]:
        """Parameters of the first steps and of the autoregression for windows (T=length, D=features)."""
        lags = self._lags(length)
        first = lags * features
        return {
            "first steps": first + first * (first + 1) // 2,
            "intercept": features,
            "matrices": lags * features**2,
            "noise": features * (features + 1) // 2,
        }

    def _lags(self, length: int) -> int:
        return min(self.max_order, length - 1)


@dataclass(frozen=True)
class Autoregression:
    """c (D,), A_1 … A_p (p, D, D), and a factor (R, D) F with FᵀF = the noise's covariance."""

    intercept: Array
    matrices: Array
    noise: Array


class _Regression:
    """Least squares of x_t on 1, x_{t−1}, …, x_{t−p} over all t ≥ p of all windows, from the triangle of a QR decomposition.

    The triangle is updated a chunk of rows at a time; it has the same solutions and residual products as all the rows.
    """

    def __init__(self, windows: Windows, order: int) -> None:
        count, length, self.features = windows.shape
        self.order, self.targets = order, count * (length - order)
        upper: Array = np.empty((0, 1 + (order + 1) * self.features))
        size = max(1, CHUNK_ROWS // length)
        for part in (windows[i : i + size].astype(np.float64) for i in range(0, count, size)):
            columns = [np.ones((*part[:, order:].shape[:2], 1))]
            columns += [part[:, order - i : length - i] for i in (*range(1, order + 1), 0)]
            rows = np.concatenate(columns, axis=2).reshape(-1, upper.shape[1])
            upper = triangle(np.concatenate([upper, rows]))
        self.past, self.now = upper[:, : -self.features], upper[:, -self.features :]

    def unknowns(self, order: int) -> int:
        """Unknowns of one equation of a given order."""
        return 1 + order * self.features

    def solve(self, order: int) -> tuple[Array, Array]:
        """Coefficients (1 + order·D, D), least in norm where many fit, and residuals (R, D) up to a rotation."""
        past = self.past[:, : self.unknowns(order)]
        coefficients = _least_squares(past, self.now)
        return coefficients, self.now - past @ coefficients


def choose_order(windows: Windows, lags: int) -> int:
    """The order from 0 to `lags` with the least Bayesian criterion, all compared on the same targets."""
    from statsmodels.tools.eval_measures import bic_sigma

    count, length, features = windows.shape
    largest = max(p for p in range(lags + 1) if p == 0 or count * (length - p) > 1 + p * features)
    regression = _Regression(windows, largest)

    def criterion(order: int) -> float:
        residuals = regression.solve(order)[1]
        covariance = residuals.T @ residuals / regression.targets
        logdet = np.linalg.slogdet(covariance + SMALLEST_VARIANCE * np.eye(features))[1]
        return float(bic_sigma(logdet, regression.targets, regression.unknowns(order) * features, islog=True))

    return min(range(largest + 1), key=criterion)


def estimate(regression: _Regression) -> Autoregression:
    """The autoregression of the regression's order, made stable where it is not."""
    order, features = regression.order, regression.features
    coefficients, residuals = regression.solve(order)
    matrices = coefficients[1:].reshape(order, features, features).transpose(0, 2, 1)
    ratio = LARGEST_MODULUS / max(largest_modulus(matrices), LARGEST_MODULUS)
    if ratio < 1:
        matrices = matrices * ratio ** np.arange(1, order + 1)[:, None, None]
        lagged = regression.past[:, 1:] @ matrices.transpose(0, 2, 1).reshape(-1, features)
        ones = regression.past[:, :1]
        coefficients = _least_squares(ones, regression.now - lagged)
        residuals = regression.now - lagged - ones @ coefficients
    freedom = max(1, regression.targets - regression.unknowns(order))
    return Autoregression(coefficients[0], matrices, triangle(residuals / np.sqrt(freedom)))


def largest_modulus(matrices: Array) -> float:
    """The largest modulus of the eigenvalues of the companion matrix of A_1 … A_p (p, D, D); 0 for p = 0."""
    from statsmodels.tsa.vector_ar.util import comp_matrix

    return float(np.abs(np.linalg.eigvals(comp_matrix(matrices))).max()) if len(matrices) else 0.0


def _least_squares(left: Array, right: Array) -> Array:
    return np.asarray(np.linalg.lstsq(left, right, rcond=None)[0], dtype=np.float64)
