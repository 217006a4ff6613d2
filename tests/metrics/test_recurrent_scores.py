"""The discriminative and the predictive score: floors, sizes, few features, and cases with a known answer."""

from __future__ import annotations

import numpy as np
import pytest

from metrics.base import ScoreContext
from metrics.common.classifier_split import draw_split
from metrics.discriminative import Discriminative, split_point
from metrics.nets.predictor import inputs_and_targets
from metrics.nets.recurrent import draw_batches
from metrics.predictive import Predictive


def sines(n: int, features: int, seed: int, length: int = 8) -> np.ndarray:
    rng = np.random.default_rng(seed)
    frequency, phase = rng.uniform(0, 0.5, (2, n, 1, features))
    return ((np.sin(frequency * np.arange(length)[:, None] + phase) + 1) / 2).astype(np.float32)


@pytest.mark.parametrize(("n", "floor"), [(10_000, 0.0063), (3662, 0.0104), (17_397, 0.0048), (19_712, 0.0045)])
def test_floors_are_the_published_ones(n, floor):
    assert Discriminative().floor(n) == pytest.approx(floor, abs=5e-5)


def test_the_floor_is_the_mean_of_a_fair_coin():
    n = 700
    tested = 2 * (n - split_point(n))
    coin = np.abs(np.random.default_rng(0).binomial(tested, 0.5, 200_000) / tested - 0.5).mean()
    assert Discriminative().floor(n) == pytest.approx(coin, rel=0.01)


def test_split_is_int_of_four_fifths():
    assert [split_point(n) for n in range(1, 2000)] == [int(0.8 * n) for n in range(1, 2000)]


def test_batches_are_drawn_without_replacement_from_the_pool():
    rngs = [np.random.default_rng(seed) for seed in (0, 1)]
    pools = ([np.arange(200), np.arange(200, 400)], [np.arange(1000, 1050), np.arange(2000, 2050)])
    batches = [batch.numpy() for batch in draw_batches(rngs, pools, 300, "cpu")]
    assert len(batches) == 300
    for batch in batches:
        assert batch.shape == (2, 128 + 50)
        assert all(len(set(row)) == 178 for row in batch)
        np.testing.assert_array_equal(np.sort(batch[0, 128:]), np.arange(1000, 1050))
        assert batch[1, :128].min() >= 200
        assert batch[1, :128].max() < 400
    counts = np.bincount(np.concatenate([batch[0, :128] for batch in batches]), minlength=200)
    assert counts.mean() == pytest.approx(300 * 128 / 200)
    assert counts.std() < 2 * np.sqrt(300 * 0.64 * 0.36)


@pytest.mark.parametrize("features", [1, 2, 3])
def test_windows_far_apart_are_told_apart(features):
    real, fake = sines(200, features, 0) * 0.3, sines(200, features, 1) * 0.3 + 0.7
    score = Discriminative(steps=1000).compute(real, fake, ScoreContext(seeds=[0, 1]))
    assert min(score.values) > 0.45
    assert score.details["units"] == 1
    assert score.details["comparable"] is (features > 1)
    np.testing.assert_allclose(score.values, np.abs(score.details["signed"]))
    accuracies = np.array([score.details["real_accuracy"], score.details["fake_accuracy"]])
    np.testing.assert_allclose(np.abs(accuracies.mean(axis=0) - 0.5), score.values)


def test_a_set_scored_against_itself_is_at_the_floor():
    windows = sines(1000, 4, 0)
    score = Discriminative(steps=200).compute(windows, windows, ScoreContext(seeds=[0, 1, 2]))
    assert score.mean < 4 * Discriminative().floor(1000)


@pytest.mark.parametrize(("real", "fake"), [(300, 100), (100, 300)])
def test_the_larger_set_is_trimmed_to_the_smaller(real, fake):
    score = Discriminative(steps=5).compute(sines(real, 3, 0), sines(fake, 3, 1), ScoreContext(seeds=[0]))
    assert score.details["windows"] == 100
    twentieths = np.array([score.details["real_accuracy"], score.details["fake_accuracy"]]) * 20
    np.testing.assert_allclose(twentieths, np.round(twentieths), atol=1e-9)


def test_too_few_windows_are_refused():
    with pytest.raises(ValueError, match="4 generated windows; this score needs at least 5"):
        Discriminative(steps=5).compute(sines(10, 3, 0), sines(4, 3, 1), ScoreContext(seeds=[0]))


def test_inputs_stop_before_the_target():
    windows = np.arange(2 * 4 * 3, dtype=np.float32).reshape(2, 4, 3)
    inputs, targets = inputs_and_targets(windows)
    np.testing.assert_array_equal(inputs[0], [[0, 1, 1], [3, 4, 1], [6, 7, 1]])
    np.testing.assert_array_equal(targets, [[5, 8, 11], [17, 20, 23]])
    inputs, targets = inputs_and_targets(windows[:, :, :1])
    np.testing.assert_array_equal(inputs[1], [[12, 1], [15, 1], [18, 1]])
    np.testing.assert_array_equal(targets[1], [15, 18, 21])


def test_a_constant_target_is_learned_and_its_shift_is_the_error():
    """Trained where the last feature is 0.5, tested where it is 0.7: the mean absolute error is 0.2."""
    fake, real = sines(150, 3, 0), sines(400, 3, 1)
    fake[:, :, -1], real[:, :, -1] = 0.5, 0.7
    score = Predictive(steps=400).compute(real, fake, ScoreContext(seeds=[0, 1]))
    np.testing.assert_allclose(score.values, 0.2, atol=0.02)
    assert max(score.details["final_loss"]) < 0.02
    assert score.details["comparable"] is True


def test_noise_costs_the_mean_deviation_from_its_median():
    """A target that nothing predicts, uniform on [0, 1]: the best constant is its median, and its error is a quarter."""
    rng = np.random.default_rng(0)
    real, fake = rng.random((2, 2000, 6, 2), np.float32)
    score = Predictive(steps=300).compute(real, fake, ScoreContext(seeds=[0]))
    assert score.values[0] == pytest.approx(0.25, abs=0.01)


def test_one_feature_predicts_itself_and_is_marked():
    windows = np.repeat(sines(300, 1, 0)[:, :1], 8, axis=1)
    score = Predictive(steps=3000).compute(windows, windows, ScoreContext(seeds=[0]))
    assert score.details["comparable"] is False
    assert score.values[0] < 0.75 * np.abs(windows - np.median(windows)).mean()
    with pytest.raises(ValueError, match="the windows have 1 step"):
        Predictive(steps=5).compute(windows[:, :1], windows[:, :1], ScoreContext(seeds=[0]))


def test_evaluation_in_blocks_changes_nothing(monkeypatch):
    real, fake = sines(300, 3, 0), sines(300, 3, 1)
    whole = Predictive(steps=5).compute(real, fake, ScoreContext(seeds=[0, 1])).values
    monkeypatch.setattr("metrics.nets.recurrent._EVALUATED_NUMBERS", 1)
    np.testing.assert_allclose(
        Predictive(steps=5).compute(real, fake, ScoreContext(seeds=[0, 1])).values, whole, rtol=1e-6
    )


@pytest.mark.parametrize(("real", "fake"), [(1000, 100), (100, 1000)])
def test_the_windows_of_the_larger_set_are_drawn_from_all_of_it(real, fake):
    split = draw_split(np.random.default_rng(0), real, fake)
    reals, fakes = (
        np.concatenate(part) for part in zip((split.real, split.fake), np.split(split.tests, 2), strict=True)
    )
    for found, first, count in ((reals, 0, real), (fakes, real, fake)):
        assert len(set(found)) == 100
        assert (found.min() >= first, found.max() < first + count) == (True, True)
        assert np.ptp(found) >= 0.9 * (count - 1)
