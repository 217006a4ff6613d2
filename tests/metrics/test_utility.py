"""Forecasts at several horizons: the forecaster against scikit-learn's, closed forms of autoregressions, copiers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import Ridge

from metrics.augmentation_gain import AugmentationGain
from metrics.base import NotApplicable, ScoreContext
from metrics.common.forecaster import PENALTY, fit, horizons_of
from metrics.tstr_horizons import TSTRHorizons, _compared
from tests.metrics.conftest import independent, sine_windows

PHI = 0.8


def white(n: int, seed: int, steps: int = 16) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, steps, 1)).astype(np.float32)


def autoregression(n: int, seed: int) -> np.ndarray:
    """Windows of an autoregression of first order with coefficient PHI and variance 1."""
    series = white(n, seed).astype(np.float64)
    for t in range(1, series.shape[1]):
        series[:, t] = PHI * series[:, t - 1] + np.sqrt(1 - PHI**2) * series[:, t]
    return series.astype(np.float32)


def context(real: np.ndarray, training: np.ndarray, seeds=(0,)) -> ScoreContext:
    return ScoreContext(seeds=seeds, training=training, blocks=independent(len(real), len(training)))


@pytest.mark.parametrize("horizon", [1, 3, 6])
def test_the_forecaster_is_a_ridge_regression(horizon):
    windows = np.random.default_rng(0).random((30, 12, 2), np.float32)
    last = range(3, 12 - horizon)
    inputs = np.array([one[t - 3 : t + 1].ravel() for one in windows for t in last], np.float64)
    targets = np.array([one[t + horizon] for one in windows for t in last], np.float64)
    reference = Ridge(alpha=PENALTY * len(inputs)).fit(inputs, targets)
    predictor = fit(windows, horizon)
    np.testing.assert_allclose(predictor.weights, reference.coef_.T, atol=1e-8)
    residuals = np.abs(reference.predict(inputs) - targets).reshape(30, -1)
    np.testing.assert_allclose(predictor.errors(windows), residuals.mean(axis=1), rtol=1e-6)


def test_horizons_fit_into_the_window():
    assert [horizons_of(length) for length in (2, 6, 7, 9, 10, 24)] == [
        (1,),
        (1,),
        (1, 3),
        (1, 3),
        (1, 3, 6),
        (1, 3, 6),
    ]


def test_white_noise_teaches_the_mean_of_an_autoregression():
    """The mean errs by 1, the best forecast by √(1 − φ^2h): the ratio is their inverse, by horizon."""
    real, training = autoregression(1500, 0), autoregression(1500, 1)
    score = TSTRHorizons().compute(real, white(1500, 2), context(real, training))
    expected = [1 / np.sqrt(1 - PHI ** (2 * horizon)) for horizon in (1, 3, 6)]
    ratios = np.divide(score.details["on_fake"][0], score.details["on_real"][0])
    np.testing.assert_allclose(ratios, expected, rtol=0.02)
    assert score.values[0] == pytest.approx(np.mean(expected), rel=0.02)
    assert score.details["low"][0] < score.values[0] < score.details["high"][0]
    assert score.details["p_value"][0] < 1e-6


def test_a_copier_and_a_fresh_draw_teach_as_well_as_training_windows():
    real, training = autoregression(300, 0), autoregression(300, 1)
    copies = training[np.random.default_rng(5).integers(0, 300, 300)]
    for fake in (copies, autoregression(300, 2)):
        score = TSTRHorizons().compute(real, fake, context(real, training, (0, 1)))
        assert score.values == pytest.approx((1, 1), abs=0.02)
        assert min(score.details["p_value"]) > 0.01
        assert max(score.details["low"]) < 1.01


def test_the_spread_of_the_draws_widens_the_interval():
    """A few windows teach a forecast that no number of test windows makes certain."""
    real, training = autoregression(3000, 0), autoregression(3000, 1)
    few, many = (TSTRHorizons().compute(real, training[:n], context(real, training)) for n in (20, 2000))
    width = [score.details["high"][0] - score.details["low"][0] for score in (few, many)]
    assert width[0] > 3 * width[1]


def test_autoregressions_beside_white_noise_gain_by_the_closed_form():
    """A share s of autoregressions lowers the slope φ^h to s φ^h: the error falls from 1 to √(1 − (2s − s²) φ^2h)."""
    real = autoregression(3000, 0)
    score = AugmentationGain().compute(real, autoregression(3000, 1), context(real, white(3000, 2)))
    expected = [1 - np.sqrt(1 - 0.75 * PHI ** (2 * horizon)) for horizon in (1, 3, 6)]
    np.testing.assert_allclose(score.details["by_horizon"][0], expected, atol=0.03)
    assert score.values[0] == pytest.approx(np.mean(expected), abs=0.02)
    assert score.details["p_value"][0] < 1e-6


def test_the_error_of_a_gain_is_its_spread_over_generated_sets():
    real, training = autoregression(1500, 0), autoregression(10, 1)
    scores = [AugmentationGain().compute(real, autoregression(20, 10 + s), context(real, training)) for s in range(30)]
    spread = np.std([score.mean for score in scores], ddof=1)
    # The half-width of a 95 % interval is about 2.5 errors at four degrees of freedom.
    halves = [(score.details["high"][0] - score.details["low"][0]) / 2 for score in scores]
    assert 1.2 * spread < np.median(halves) < 4 * spread


def test_generated_windows_that_overlap_are_left_out_together():
    """Five series of twenty equal windows each: the error is that of five independent windows, not of a hundred."""
    real, training = autoregression(1500, 0), autoregression(10, 1)
    repeated = [np.repeat(autoregression(5, 10 + s), 20, axis=0) for s in range(30)]
    scores = [AugmentationGain().compute(real, fake, context(real, training)) for fake in repeated]
    spread = np.std([score.mean for score in scores], ddof=1)
    halves = [(score.details["high"][0] - score.details["low"][0]) / 2 for score in scores]
    assert 1.2 * spread < np.median(halves) < 4 * spread


def test_a_copier_gains_nothing():
    real, training = sine_windows(50, 0), sine_windows(80, 1)
    copies = training[np.random.default_rng(5).integers(0, 80, 50)]
    score = AugmentationGain().compute(real, copies, context(real, training))
    assert score.values == (0.0,)
    assert (score.details["low"], score.details["high"], score.details["p_value"]) == ([0.0], [0.0], [1.0])
    assert score.details["added"] == [0]


@pytest.mark.parametrize("metric", [TSTRHorizons(), AugmentationGain()])
def test_without_blocks_it_is_not_defined(metric):
    with pytest.raises(NotApplicable, match="needs test windows that no generator saw"):
        metric.compute(sine_windows(9, 0), sine_windows(9, 1), ScoreContext(training=sine_windows(9, 2)))
    one = sine_windows(9, 0, 1)
    with pytest.raises(NotApplicable, match="at least 2 steps"):
        metric.compute(one, one, context(one, one))


def test_the_error_is_that_of_one_generated_set_and_of_the_mean_of_five_draws():
    """Equal errors of all test windows: what is left is the spread of the draws, a fifth of it for their mean."""
    draws = np.array([0.9, 1.1, 1.0, 0.95, 1.05])
    value, details = _compared(np.full((1, 6), 1.2), np.ones((5, 1, 6)) * draws[:, None, None], np.arange(6), (1,))
    error = np.sqrt(np.var(draws, ddof=1) * (1 + 1 / 5))
    assert value == pytest.approx(1.2)
    # The error of a ratio grows with it: at the value for the interval, at 1 for the test against 1.
    assert details["high"] - value == pytest.approx(1.2 * stats.t.ppf(0.975, 4) * error)
    assert details["p_value"] == pytest.approx(stats.t.sf(0.2 / error, 4))
