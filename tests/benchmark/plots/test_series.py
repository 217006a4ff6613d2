from __future__ import annotations

import numpy as np

from benchmark.plots.pair import some_features
from benchmark.plots.series import autocorrelations, spectra
from metrics.spectral import power_spectra


def test_autocorrelation_of_an_alternating_window_and_of_a_constant_one() -> None:
    windows = np.stack([np.tile([1.0, 0.0], 5), np.full(10, 0.3)]).astype(np.float32)[:, :, None]
    found = autocorrelations(windows)[:, :, 0]
    # x_t = ±½ about the mean, so Σ over T − k products of (−1)^k / 4 against T / 4.
    assert np.allclose(found[0], [(-1) ** k * (10 - k) / 10 for k in range(10)])
    assert np.isnan(found[1]).all()


def test_mean_spectrum_is_the_one_that_the_score_compares() -> None:
    windows = np.random.default_rng(0).random((40, 24, 3), np.float32)
    assert np.allclose(spectra(windows).mean(axis=0), power_spectra(windows))
    # White noise, uniform on [0, 1], has the variance 1/12 at every frequency below ½.
    white = np.random.default_rng(1).random((4000, 24, 1), np.float32)
    assert np.allclose(spectra(white).mean(axis=0), 1 / 12, rtol=0.08)


def test_few_features_are_all_shown_and_many_are_spread() -> None:
    assert some_features(("a", "b"), 6) == [0, 1]
    assert some_features(tuple(map(str, range(51))), 6) == [0, 10, 20, 30, 40, 50]
