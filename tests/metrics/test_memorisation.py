"""Memorisation, authenticity and duplicates: copies, clean generators, and what geometry says of perfect ones."""

from __future__ import annotations

import numpy as np
import pytest

from metrics.authenticity import Authenticity
from metrics.base import NotApplicable, ScoreContext
from metrics.duplicates import Duplicates
from metrics.memorisation import Memorisation


def points(n: int, seed: int, dimensions: int = 2) -> np.ndarray:
    """Windows of one step, so that their geometry is that of points in a cube."""
    return np.random.default_rng(seed).random((n, 1, dimensions), np.float32)


def test_memorisation_of_copies_and_of_a_clean_generator():
    training, held_out = points(800, 0), points(800, 1)
    assert Memorisation().compute(held_out, training[:50], ScoreContext(seeds=[0, 1], training=training)).values == (
        1.0,
    )
    assert Memorisation().compute(held_out, held_out[:50], ScoreContext(seeds=[0, 1], training=training)).values == (
        0.0,
    )
    clean = Memorisation().compute(held_out, points(800, 2), ScoreContext(seeds=[0], training=training)).values[0]
    assert abs(clean - 0.5) < 4 * 0.5 / np.sqrt(400)


def test_memorisation_counts_as_many_windows_of_either_side():
    held_out, fake = points(200, 1), points(1000, 2)
    score = Memorisation().compute(held_out, fake, ScoreContext(seeds=[0, 1, 2, 3], training=points(2000, 0)))
    assert score.details["windows_a_side"] == [200] * 4
    assert len(set(score.values)) > 1
    assert abs(score.mean - 0.5) < 0.08


def test_memorisation_of_windows_as_near_to_either_is_half():
    left, right = (np.array(pair, np.float32).reshape(2, 1, 1) for pair in ((-1, 0), (1, 2)))
    fake = np.array([0.5, 0.5, 0.5, 0.75], np.float32).reshape(4, 1, 1)
    assert Memorisation().compute(right, fake, ScoreContext(seeds=[0], training=left)).values == (1.5 / 4,)


def test_memorisation_needs_hold_out_windows():
    training = points(50, 0)
    with pytest.raises(NotApplicable, match="all reference windows are training windows"):
        Memorisation().compute(training[::2], points(9, 1), ScoreContext(seeds=[0], training=training))


def test_memorisation_floor_is_the_mean_deviation_of_a_share():
    shares = np.random.default_rng(0).binomial(400, 0.5, 20_000) / 400
    assert Memorisation().floor(400) - 0.5 == pytest.approx(np.abs(shares - 0.5).mean(), rel=0.03)


@pytest.mark.parametrize(
    ("dimensions", "overlap"),
    [(1, 1 / 2), (2, 2 / 3 - np.sqrt(3) / (2 * np.pi)), (3, 5 / 16)],
)
def test_authenticity_of_a_perfect_generator(dimensions, overlap):
    """It is inauthentic where two windows are each other's nearest: 1 / (2 − overlap of two balls through their centres)."""
    shares = [
        Authenticity()
        .compute(held, points(2000, seed, dimensions), ScoreContext(training=points(2000, 50 + seed, dimensions)))
        .mean
        for seed in range(3)
        for held in [points(2, 99, dimensions)]
    ]
    assert np.mean(shares) == pytest.approx(1 - 1 / (2 - overlap), abs=0.02)


def test_authenticity_of_copies_is_0_and_of_distant_windows_1():
    training = points(300, 0)
    training = np.concatenate([training, training[:100]])
    assert Authenticity().compute(training, training, ScoreContext(training=training)).values == (0.0,)
    assert Authenticity().compute(training, training + 5, ScoreContext(training=training)).values == (1.0,)


def test_authenticity_by_hand():
    training = np.array([0.0, 1.0, 4.0], np.float32).reshape(3, 1, 1)
    fake = np.array([0.5, 1.0, 2.2, 6.9, 7.1], np.float32).reshape(5, 1, 1)
    # The nearest are 0 or 1, 1, 1, 4, 4 at 0.5, 0, 1.2, 2.9, 3.1; those are 1, 1, 1, 3, 3 from any other.
    assert Authenticity().compute(training, fake, ScoreContext(training=training)).values == (pytest.approx(2 / 5),)


def test_duplicates_of_a_perfect_generator_are_the_quantile():
    shares = [
        Duplicates().compute(points(2, 9), points(3000, s), ScoreContext(training=points(3000, 20 + s))).mean
        for s in range(4)
    ]
    assert np.mean(shares) == pytest.approx(0.01, abs=0.004)
    assert Duplicates().floor(3000) == 0.01


def test_duplicates_exact_near_and_repeated():
    training = points(400, 0, 8)
    near = training[:50] + np.float32(1e-4)
    fake = np.concatenate([training[:100], near, training[:50], training[:200] + 3])
    score = Duplicates().compute(training, fake, ScoreContext(training=training))
    assert score.values == (0.5,)
    assert score.details["exact"] == 150 / 400
    assert score.details["repeated"] == pytest.approx(50 / 400)


def test_exact_duplicates_are_found_among_windows_that_differ_by_less_than_a_distance_can_tell():
    first = points(100, 0, 8)
    first[:, 0, 0] = -0.0
    second = first.copy()
    second[:, 0, 0] = 1e-9
    score = Duplicates().compute(
        first, np.concatenate([np.abs(first), second]), ScoreContext(training=np.concatenate([first, second]))
    )
    assert score.values == (1.0,)
    assert score.details["exact"] == 1


@pytest.mark.parametrize("metric", [Memorisation(), Authenticity(), Duplicates()])
def test_training_windows_are_asked_for(metric):
    with pytest.raises(ValueError, match="give them as 'training'"):
        metric.compute(points(9, 0), points(9, 1), ScoreContext(seeds=[0]))
    with pytest.raises(ValueError, match="one shape"):
        metric.compute(points(9, 0), points(9, 1), ScoreContext(seeds=[0], training=points(9, 2, 3)))


@pytest.mark.parametrize("metric", [Authenticity(), Duplicates()])
def test_one_training_window_has_no_spacing(metric):
    with pytest.raises(ValueError, match="all training windows are the same one"):
        metric.compute(points(9, 0), points(9, 1), ScoreContext(training=np.full((4, 1, 2), 0.5, np.float32)))


def test_a_window_as_far_away_as_the_training_windows_are_is_not_authentic():
    training = np.array([0.0, 1.0, 4.0], np.float32).reshape(3, 1, 1)
    fake = np.array([-1.0, 2.0], np.float32).reshape(2, 1, 1)
    assert Authenticity().compute(training, fake, ScoreContext(training=training)).values == (0.0,)
