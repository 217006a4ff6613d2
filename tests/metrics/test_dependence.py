"""Spectra, autocorrelations and cross-correlations against closed forms and plain implementations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import periodogram

from metrics import spectral
from metrics.autocorrelation import Autocorrelation
from metrics.base import NotApplicable
from metrics.common import lagged
from metrics.correlational import Correlational
from metrics.cross_correlation import CrossCorrelation
from metrics.spectral import Spectral, power_spectra

RNG = np.random.default_rng(0)


def autoregression(n: int, steps: int, phi: float) -> np.ndarray:
    """Stationary AR(1) windows (n, steps, 1) with variance 1."""
    noise = RNG.standard_normal((n, steps))
    out = noise.copy()
    for t in range(1, steps):
        out[:, t] = phi * out[:, t - 1] + np.sqrt(1 - phi**2) * noise[:, t]
    return out[:, :, None].astype(np.float32)


@pytest.fixture(params=[4_000_000, 300])
def _block(request, monkeypatch):
    monkeypatch.setattr(lagged, "_BLOCK_NUMBERS", request.param)
    monkeypatch.setattr(spectral, "_BLOCK_NUMBERS", request.param)


@pytest.mark.usefixtures("_block")
@pytest.mark.parametrize("steps", [9, 12])
def test_power_spectra_are_mean_periodograms(steps):
    windows = RNG.random((23, steps, 3), np.float32)
    _, power = periodogram(windows, axis=1, detrend=False, return_onesided=False, scaling="density")
    np.testing.assert_allclose(power_spectra(windows), power.mean(axis=0)[1 : steps // 2 + 1], rtol=1e-5)


def test_spectral_distance_of_scaled_windows_is_the_log_of_the_power_ratio():
    windows = RNG.random((200, 16, 2), np.float32)
    assert Spectral().compute(windows, 3 * windows).values == (pytest.approx(np.log(9), rel=1e-5),)
    assert Spectral().compute(windows, windows + 0.5).values == (pytest.approx(0, abs=1e-6),)
    one = windows.copy()
    one[:, :, 0] *= 2
    assert Spectral().compute(windows, one).details["by_feature"] == [pytest.approx(np.log(4), rel=1e-5), 0]


@pytest.mark.usefixtures("_block")
def test_autocorrelations_by_hand():
    windows = RNG.random((17, 8, 2), np.float32).astype(np.float64)
    standard = (windows - windows.mean(axis=(0, 1))) / windows.std(axis=(0, 1))
    plain = [[np.mean(standard[:, :-k, d] * standard[:, k:, d]) for d in range(2)] for k in range(1, 8)]
    np.testing.assert_allclose(lagged.autocorrelations(windows.astype(np.float32)), plain, atol=1e-9)


def test_autocorrelation_difference_of_autoregressions():
    expected = np.mean(np.abs(0.9 ** np.arange(1, 12) - 0.5 ** np.arange(1, 12)))
    score = Autocorrelation().compute(autoregression(20_000, 12, 0.9), autoregression(15_000, 12, 0.5))
    assert score.values[0] == pytest.approx(expected, abs=0.01)


@pytest.mark.usefixtures("_block")
def test_cross_correlations_by_hand():
    windows = RNG.random((11, 6, 3), np.float32)
    standard = (windows - windows.mean(axis=(0, 1), dtype=np.float64)) / windows.std(axis=(0, 1), dtype=np.float64)
    found = lagged.cross_correlations(windows, 4)
    for lag in range(5):
        for i in range(3):
            for j in range(3):
                plain = np.mean(standard[:, : 6 - lag, i] * standard[:, lag:, j])
                assert found[lag, i, j] == pytest.approx(plain, abs=1e-7)


def test_cross_correlation_difference_of_a_delayed_feature():
    """The second feature is white noise three steps late: its only correlation is 1 at lag 3, one of 2 · 7 + 1."""
    noise = RNG.standard_normal((30_000, 11)).astype(np.float32)
    late = np.stack([noise[:, 3:], noise[:, :-3]], axis=2)
    apart = RNG.standard_normal(late.shape).astype(np.float32)
    assert CrossCorrelation().compute(late, apart).values[0] == pytest.approx(1 / 15, abs=0.004)
    assert CrossCorrelation().compute(late[:, :, ::-1], apart).values[0] == pytest.approx(1 / 15, abs=0.004)


def test_correlational_score_is_a_tenth_of_the_summed_differences():
    real, fake = RNG.random((50, 6, 4), np.float32), np.cumsum(RNG.random((40, 6, 4), np.float32), axis=2) / 4
    a, b = (np.corrcoef(one.reshape(-1, 4), rowvar=False) for one in (real, fake))
    expected = sum(abs(a[i, j] - b[i, j]) for i in range(4) for j in range(i)) / 10
    assert Correlational().compute(real, fake).values == (pytest.approx(expected, rel=1e-5),)


def test_correlational_score_of_opposite_features():
    line = RNG.random((30, 5, 1), np.float32)
    score = Correlational().compute(np.concatenate([line, line], 2), np.concatenate([line, 1 - line], 2))
    assert score.values == (pytest.approx(0.2, abs=1e-6),)


@pytest.mark.parametrize("metric", [CrossCorrelation(), Correlational()])
def test_one_feature_has_no_pair(metric):
    with pytest.raises(NotApplicable, match="at least 2 features; these have 1 feature"):
        metric.compute(np.ones((5, 4, 1), np.float32), np.ones((5, 4, 1), np.float32))


@pytest.mark.parametrize("metric", [Autocorrelation(), Spectral()])
def test_one_step_has_no_time(metric):
    with pytest.raises(NotApplicable, match="at least 2 steps; these have 1 step"):
        metric.compute(np.ones((5, 1, 3), np.float32), np.ones((5, 1, 3), np.float32))


def test_a_constant_feature_correlates_with_nothing():
    windows = RNG.random((20, 5, 2), np.float32)
    windows[:, :, 1] = np.float32(0.1)
    assert (lagged.cross_correlations(windows, 2)[:, 1] == 0).all()
    assert (lagged.autocorrelations(windows)[:, 1] == 0).all()
