from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.api import VAR as OneSeries  # noqa: N811 - the same name for the same process of a single series

from baselines.controls.var import VAR, choose_order, largest_modulus
from benchmark.interface import FitContext

A = np.array([[[0.5, 0.2], [-0.3, 0.4]], [[0.2, 0.0], [0.1, 0.2]]])


def series(count: int, length: int, seed: int = 0) -> np.ndarray:
    """Windows of the stable process x_t = c + A_1 x_{t−1} + A_2 x_{t−2} + e_t, after 100 steps of warming up."""
    rng = np.random.default_rng(seed)
    x = np.zeros((count, length + 100, 2)) + 0.5
    for t in range(2, length + 100):
        past = (x[:, t - 1] - 0.5) @ A[0].T + (x[:, t - 2] - 0.5) @ A[1].T
        x[:, t] = 0.5 + past + 0.03 * rng.standard_normal((count, 2))
    return np.clip(x[:, 100:], 0, 1).astype(np.float32)


def test_one_window_gives_what_statsmodels_gives() -> None:
    window = series(1, 900)
    process = VAR(max_order=6).fit(window, FitContext(seed=0)).process_
    reference = OneSeries(window[0].astype(np.float64))
    order = reference.select_order(6).bic
    assert len(process.matrices) == order == 2
    fitted = reference.fit(order)
    assert np.allclose(process.matrices, fitted.coefs, atol=1e-9)
    assert np.allclose(process.intercept, fitted.intercept, atol=1e-9)
    assert np.allclose(process.noise.T @ process.noise, fitted.sigma_u, atol=1e-12)


def test_pairs_lie_within_windows_only() -> None:
    windows = series(40, 5)
    process = VAR(max_order=1).fit(windows, FitContext(seed=0)).process_
    before = np.array([[1, *w[t - 1]] for w in windows.astype(np.float64) for t in range(1, 5)])
    after = np.array([w[t] for w in windows.astype(np.float64) for t in range(1, 5)])
    solution = np.linalg.solve(before.T @ before, before.T @ after)
    assert np.allclose(process.matrices[0], solution[1:].T)
    assert np.allclose(process.intercept, solution[0])


def test_many_windows_are_read_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = series(60, 8)
    whole = VAR(max_order=2).fit(windows, FitContext(seed=0)).process_
    monkeypatch.setattr("baselines.controls.var.CHUNK_ROWS", 50)
    parts = VAR(max_order=2).fit(windows, FitContext(seed=0)).process_
    assert np.allclose(whole.matrices, parts.matrices)
    assert np.allclose(whole.noise.T @ whole.noise, parts.noise.T @ parts.noise)


def test_samples_have_the_covariances_in_time_of_the_process() -> None:
    windows = series(4000, 12)
    drawn = VAR().fit(windows, FitContext(seed=0)).sample(20_000, seed=1)
    flat, again = (w.reshape(len(w), -1).astype(np.float64) for w in (windows, drawn))
    assert np.abs(again.mean(0) - flat.mean(0)).max() < 4e-3
    assert np.abs(np.cov(again.T) - np.cov(flat.T)).max() < 0.08 * np.cov(flat.T).max()


def test_an_explosive_fit_is_made_stable() -> None:
    growth = 0.01 * 1.2 ** np.arange(24)
    windows = (growth[None, :, None] * np.linspace(0.5, 1.0, 30)[:, None, None]).astype(np.float32)
    generator = VAR(max_order=1).fit(windows, FitContext(seed=0))
    assert largest_modulus(generator.process_.matrices) == pytest.approx(0.9999)
    residuals = (
        windows[:, 1:, 0] - generator.process_.intercept - windows[:, :-1, 0] * generator.process_.matrices[0, 0, 0]
    )
    assert abs(residuals.mean()) < 1e-6
    assert np.isfinite(generator.sample(10, seed=0)).all()


def test_the_order_is_bounded_by_what_windows_allow() -> None:
    assert choose_order(series(1, 2), 1) == 0  # one target for three unknowns
    assert choose_order(series(50, 2), 1) == 1
    generator = VAR(max_order=5).fit(series(50, 3), FitContext(seed=0))
    assert len(generator.process_.matrices) <= 2
    assert generator.num_parameters == (4 + 4 * 5 // 2) + 2 + 2 * 4 + 3


def test_the_first_steps_are_drawn_and_not_copied() -> None:
    windows = series(300, 10)
    drawn = VAR(max_order=2).fit(windows, FitContext(seed=0)).sample(500, seed=3)
    known = {w[:2].tobytes() for w in windows}
    assert not any(w[:2].tobytes() in known for w in drawn)
