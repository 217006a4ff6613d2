"""All-channel TSTR: the predictor against scikit-learn's, and the ratio of processes with known errors."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from metrics.base import ScoreContext
from metrics.common import forecaster
from metrics.common.forecaster import PENALTY, fit
from metrics.tstr import TSTR

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("block", [4_000_000, 200])
@pytest.mark.parametrize(("steps", "lags"), [(9, 4), (3, 2)])
def test_the_predictor_is_a_ridge_regression(steps, lags, block, monkeypatch):
    monkeypatch.setattr(forecaster, "_BLOCK_NUMBERS", block)
    windows = RNG.random((30, steps, 2), np.float32)
    inputs = np.array([windows[b, t - lags : t].ravel() for b in range(30) for t in range(lags, steps)])
    targets = np.array([windows[b, t] for b in range(30) for t in range(lags, steps)])
    reference = Ridge(alpha=PENALTY * len(inputs)).fit(inputs.astype(np.float64), targets.astype(np.float64))
    predictor = fit(windows)
    np.testing.assert_allclose(predictor.weights, reference.coef_.T, atol=1e-8)
    np.testing.assert_allclose(predictor.bias, reference.intercept_, atol=1e-8)
    assert predictor.error(windows) == pytest.approx(np.abs(reference.predict(inputs) - targets).mean(), rel=1e-6)


def test_white_noise_teaches_the_mean_of_an_autoregression():
    """The best predictor errs by the innovation, the mean by the whole deviation: the ratio is 1 / √(1 − φ²)."""
    phi, n, steps = 0.8, 4000, 12
    series = RNG.standard_normal((n, steps, 1))
    white = RNG.standard_normal((n, steps, 1)).astype(np.float32)
    for t in range(1, steps):
        series[:, t] = phi * series[:, t - 1] + np.sqrt(1 - phi**2) * series[:, t]
    score = TSTR().compute(series.astype(np.float32), white, ScoreContext(seeds=[0]))
    assert score.values[0] == pytest.approx(1 / 0.6, rel=0.02)


def test_a_fresh_draw_teaches_as_well_as_real_windows(waves):
    score = TSTR().compute(waves(2000, 0), waves(2000, 1), ScoreContext(seeds=[0, 1]))
    assert score.mean == pytest.approx(1, abs=0.05)


def test_constant_series_are_learned_from_either():
    constant = np.full((8, 5, 2), 0.3, np.float32)
    assert TSTR().compute(constant, constant, ScoreContext(seeds=[0])).values[0] == pytest.approx(1, abs=0.1)


def test_each_half_is_tested_by_what_the_other_half_and_as_many_generated_windows_teach():
    real, fake = RNG.random((9, 6, 2), np.float32), RNG.random((13, 6, 2), np.float32)
    score = TSTR().compute(real, fake, ScoreContext(seeds=[3]))
    rng = np.random.default_rng(3)
    order, drawn = rng.permutation(9), rng.permutation(13)
    first, second = real[order[:4]], real[order[4:]]
    on_real = (4 * fit(second).error(first) + 5 * fit(first).error(second)) / 9
    on_fake = (4 * fit(fake[drawn[:5]]).error(first) + 5 * fit(fake[drawn[:4]]).error(second)) / 9
    assert score.details["on_real"] == [pytest.approx(on_real)]
    assert score.details["on_fake"] == [pytest.approx(on_fake)]
