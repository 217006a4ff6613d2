"""The classifier two-sample tests: chance, certainty, copies, and their distributions under the null."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, mannwhitneyu

from metrics.base import ScoreContext
from metrics.c2st import C2ST
from metrics.c2st_auc import C2STAUC, _auc_std
from metrics.common import two_sample
from metrics.common.two_sample import out_of_fold, window_features
from tests.metrics.corruptions import time_shuffle

RNG = np.random.default_rng(3)


def test_certainty_where_the_sets_lie_apart():
    low, high = RNG.random((2, 60, 4, 2), np.float32) / 4
    score = C2ST().compute(low, high + 0.7, ScoreContext(seeds=[0, 1]))
    assert score.values == (0.5, 0.5)
    assert score.details["p_value"] == [pytest.approx(2.0**-120)] * 2
    assert C2STAUC().compute(low, high + 0.7, ScoreContext(seeds=[0])).values == (1.0,)


@pytest.mark.parametrize("features", [1, 5])
def test_time_order_is_seen_with_few_windows_and_even_one_feature(features):
    walk = np.cumsum(RNG.standard_normal((300, 24, features)), axis=1)
    real = (walk / 40 + 0.5).astype(np.float32)
    shuffled = time_shuffle(real[150:], 1, 0)
    assert C2ST().compute(real[:150], shuffled, ScoreContext(seeds=[0])).values[0] > 0.45


def test_chance_for_a_fresh_draw(waves):
    n, seeds = 120, range(4)
    scores = [C2ST().compute(waves(n, seed), waves(n, 100 + seed), ScoreContext(seeds=[seed])) for seed in seeds]
    assert all(abs(score.values[0]) < 4 * 0.5 / np.sqrt(2 * n) for score in scores)
    assert min(score.details["p_value"][0] for score in scores) > 0.001


def test_copies_score_below_chance(waves):
    real = waves(150, 0)
    score = C2ST().compute(real, real[RNG.integers(0, 150, 150)], ScoreContext(seeds=[0]))
    assert score.values[0] < -0.1
    assert score.details["p_value"][0] > 0.999


def test_nothing_to_tell_apart_is_exactly_chance():
    same = np.full((31, 3, 1), 0.25, np.float32)
    score = C2ST().compute(same, same, ScoreContext(seeds=[0]))
    assert score.values == (0.0,)
    assert score.details["p_value"] == [1.0]
    assert C2STAUC().compute(same, same, ScoreContext(seeds=[0])).values == (0.5,)


def test_both_sides_count_the_same_number_of_windows(waves):
    predictions = out_of_fold(waves(40, 0), waves(25, 1), 0)
    assert predictions.is_real.sum() == 25
    assert len(predictions.probabilities) == 50


def test_floors_are_the_mean_deviations_of_the_null_laws():
    n = 500
    right = np.arange(2 * n + 1)
    exact = np.sum(binom.pmf(right, 2 * n, 0.5) * np.abs(right / (2 * n) - 0.5))
    assert C2ST().floor(n) == pytest.approx(exact, rel=1e-3)
    areas = [mannwhitneyu(*RNG.random((2, n))).statistic / n**2 for _ in range(2000)]
    assert C2STAUC().floor(n) - 0.5 == pytest.approx(np.mean(np.abs(np.array(areas) - 0.5)), rel=0.05)


def test_auc_and_its_p_value_are_those_of_the_mann_whitney_test(waves):
    real, fake = waves(100, 1), time_shuffle(waves(100, 2), 0.1, 0)
    probabilities, is_real = out_of_fold(real, fake, 5)
    score = C2STAUC().compute(real, fake, ScoreContext(seeds=[5]))
    reference = mannwhitneyu(
        probabilities[is_real],
        probabilities[~is_real],
        alternative="greater",
        method="asymptotic",
        use_continuity=False,
    )
    assert score.values[0] == pytest.approx(reference.statistic / 100**2)
    assert score.details["p_value"][0] == pytest.approx(reference.pvalue, rel=0.02)
    assert _auc_std(100) ** 2 == pytest.approx(100 * 100 * 201 / 12 / 100**4)


@pytest.mark.parametrize(("steps", "features"), [(1, 1), (2, 1), (3, 2), (24, 50)])
def test_every_shape_has_columns(steps, features):
    columns = window_features(RNG.random((7, steps, features), np.float32))
    assert np.isfinite(columns).all()
    assert columns.shape[1] <= steps * features + 12 * features + 64


def test_features_do_not_depend_on_the_size_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = RNG.random((50, 12, 5), np.float32)
    whole = window_features(windows)
    monkeypatch.setattr(two_sample, "BLOCK", 12 * two_sample.MOST_PAIRS * 7)
    np.testing.assert_array_equal(window_features(windows), whole)
