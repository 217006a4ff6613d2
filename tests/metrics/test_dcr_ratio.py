"""The copying diagnostic, against distances that can be written down and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from metrics.base import ScoreContext
from metrics.common import neighbours
from metrics.dcr_ratio import DCRRatio


def line(*values: float) -> np.ndarray:
    """Windows (B, 1, 1), points on a line."""
    return np.array(values, np.float32)[:, None, None]


def score(training: np.ndarray, fake: np.ndarray):
    return DCRRatio().compute(training, fake, ScoreContext(seeds=[0], training=training))


def test_points_on_a_line():
    """Training points one apart, generated points a quarter away from one: 0.25 / 1."""
    result = score(line(0, 1, 2, 3), line(0.25, 1.75, 2.25))
    assert result.values == (0.25,)
    assert result.details == {
        "median_generated": 0.25,
        "median_training": 1.0,
        "exact_copies": 0.0,
        "distinct_training_windows": 4,
    }


def test_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    training, fake = rng.random((300, 5, 4), np.float32), rng.random((200, 5, 4), np.float32)
    index = NearestNeighbors(n_neighbors=2, algorithm="kd_tree").fit(training.reshape(300, -1).astype(float))
    to_training = index.kneighbors(fake.reshape(200, -1).astype(float))[0][:, 0]
    spacing = index.kneighbors(training.reshape(300, -1).astype(float))[0][:, 1]
    assert score(training, fake).values[0] == pytest.approx(np.median(to_training) / np.median(spacing), rel=1e-12)


def test_copies_are_exactly_zero_even_far_from_the_origin():
    rng = np.random.default_rng(1)
    training = (1e4 + rng.random((50, 6, 2))).astype(np.float32)
    result = score(training, training[rng.permutation(50)[:20]])
    assert result.values == (0.0,)
    assert result.details["exact_copies"] == 1.0
    half = np.concatenate([training[:10], training[:10] + 0.01])
    assert score(training, half).details["exact_copies"] == 0.5


def test_a_near_copy_beside_an_exact_one_does_not_hide_it():
    training = np.repeat(line(0.5, 0.9), 30, axis=1)
    nearly = training[:1].copy()
    nearly[0, 0, 0] = np.nextafter(np.float32(0.5), np.float32(1))
    both = np.concatenate([nearly, training])
    assert score(both, training).values == (0.0,)


def test_repeated_training_windows_do_not_make_the_scale_zero():
    assert score(line(0, 0, 0, 0, 2), line(1, 1)).values == (0.5,)
    assert score(line(0, 0, 0, 0, 2), line(0, 0)).values == (0.0,)
    with pytest.raises(ValueError, match="at least two different"):
        score(line(1, 1, 1), line(1))


def test_negative_zero_is_zero():
    assert score(line(0.0, 1.0), line(-0.0)).details["exact_copies"] == 1.0


def test_blocks_change_nothing(monkeypatch):
    training, fake = np.random.default_rng(2).random((2, 40, 7, 1), np.float32)
    whole = score(training, fake).values[0]
    monkeypatch.setattr(neighbours, "_BLOCK_NUMBERS", 130)
    assert score(training, fake).values[0] == pytest.approx(whole, rel=1e-12)
    assert whole > 0


def test_the_training_windows_must_be_given():
    with pytest.raises(ValueError, match="give them as 'training'"):
        DCRRatio().compute(line(0, 1), line(0), ScoreContext(seeds=[0]))
