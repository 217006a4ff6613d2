"""Wasserstein distances of shifted windows, whose values are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from metrics.base import ScoreContext
from metrics.marginal_wasserstein import MarginalWasserstein
from metrics.sliced_wasserstein import SlicedWasserstein

RNG = np.random.default_rng(0)


def test_marginal_distance_of_shifted_features():
    windows = RNG.random((40, 5, 2), np.float32)
    shifted = windows + np.array([0.25, -0.5], np.float32)
    score = MarginalWasserstein().compute(windows, shifted)
    assert score.details["by_feature"] == [pytest.approx(0.25, abs=1e-6), pytest.approx(0.5, abs=1e-6)]
    assert score.values == (pytest.approx(0.375, abs=1e-6),)


def test_marginal_distance_of_uniform_laws_with_unequal_numbers():
    """Between U(0, 1) and U(0, ½) it is ∫ |u − u/2| du = ¼."""
    wide = ((np.arange(3000) + 0.5) / 3000).reshape(-1, 3, 1).astype(np.float32)
    narrow = ((np.arange(2000) + 0.5) / 4000).reshape(-1, 3 - 1, 1).astype(np.float32)
    score = MarginalWasserstein().compute(wide.reshape(-1, 2, 1), narrow)
    assert score.values[0] == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize("shape", [(1, 2), (2, 2), (6, 3)])
def test_sliced_distance_of_a_shift_is_its_length_times_the_mean_of_a_direction(shape):
    """E |θ₁| on the unit sphere in F dimensions is Γ(F/2) / (√π Γ((F + 1)/2))."""
    windows = RNG.random((50, *shape), np.float32)
    shift = RNG.random(shape)
    size = shift.size
    expected = np.linalg.norm(shift) * math.gamma(size / 2) / math.sqrt(math.pi) / math.gamma((size + 1) / 2)
    score = SlicedWasserstein().compute(windows, (windows + shift).astype(np.float32), ScoreContext(seeds=range(10)))
    assert len(set(score.values)) == 10
    assert score.mean == pytest.approx(expected, rel=0.05)


def test_sliced_distance_in_one_dimension_is_the_marginal_one():
    a, b = RNG.random((30, 1, 1), np.float32), RNG.random((45, 1, 1), np.float32) ** 2
    marginal = MarginalWasserstein().compute(a, b).values[0]
    assert SlicedWasserstein().compute(a, b, ScoreContext(seeds=[4])).values[0] == pytest.approx(marginal, rel=1e-6)
