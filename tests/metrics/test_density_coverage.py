"""Density and coverage against a plain implementation, and what a perfect generator gets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances

from metrics.coverage import Coverage
from metrics.density import Density


def plain(real: np.ndarray, fake: np.ndarray, k: int = 5) -> tuple[float, float]:
    """The two definitions word by word."""
    real, fake = (one.reshape(len(one), -1) for one in (real, fake))
    own = pairwise_distances(real)
    radii = [sorted(row)[k] for row in own]
    density, covered = 0, 0
    for centre, radius in zip(real, radii, strict=True):
        inside = sum(np.linalg.norm(window - centre) <= radius for window in fake)
        density += inside
        covered += inside > 0
    return density / (k * len(fake)), covered / len(real)


@pytest.mark.parametrize("m", [60, 35])
def test_against_the_definitions(m):
    rng = np.random.default_rng(m)
    real, fake = rng.random((50, 3, 2), np.float32), rng.random((m, 3, 2), np.float32) * 0.9
    density, coverage = plain(real, fake)
    assert Density().compute(real, fake).values == (pytest.approx(density),)
    assert Coverage().compute(real, fake).values == (pytest.approx(coverage),)


@pytest.mark.parametrize(("levels", "shape"), [(2, (24, 1)), (2, (24, 3)), (9, (12, 2))])
def test_equal_distances_lie_on_the_border(levels, shape):
    rng = np.random.default_rng(levels)
    real, fake = (rng.integers(0, levels, (60, *shape)).astype(np.float32) / (levels - 1) for _ in range(2))
    exact = [np.square(one.reshape(len(one), 1, -1) - real.reshape(1, 60, -1)).sum(axis=2) for one in (real, fake)]
    whole = np.rint(np.stack(exact) * (levels - 1) ** 2)
    np.fill_diagonal(whole[0], np.inf)
    inside = whole[1] <= np.sort(whole[0], axis=0)[4]
    assert Density().compute(real, fake).values == (pytest.approx(inside.sum() / (5 * 60)),)
    assert Coverage().compute(real, fake).values == (pytest.approx(inside.any(axis=0).mean()),)


def test_a_set_covers_itself_and_distant_windows_cover_nothing():
    real = np.random.default_rng(0).random((40, 4, 3), np.float32)
    # Each ball holds its centre and the five neighbours that make it.
    assert Density().compute(real, real).values == (pytest.approx(6 / 5),)
    assert Coverage().compute(real, real).values == (1.0,)
    assert Density().compute(real, real + 9).values == Coverage().compute(real, real + 9).values == (0.0,)


def test_a_perfect_generator_gets_the_floor():
    n, rng = 60, np.random.default_rng(1)
    draws = rng.random((200, 2, n, 1, 3), np.float32)
    assert np.mean([Density().compute(*pair).mean for pair in draws]) == pytest.approx(Density().floor(n), abs=0.03)
    assert np.mean([Coverage().compute(*pair).mean for pair in draws]) == pytest.approx(Coverage().floor(n), abs=0.006)
    # Of the 2n − 1 windows around a real one, the five nearest are all real.
    assert Coverage().floor(8) == pytest.approx(1 - math.comb(7, 5) / math.comb(15, 5))
    assert Coverage().floor(10**9) == pytest.approx(1 - 2**-5)


def test_six_windows_are_needed():
    few = np.random.default_rng(0).random((5, 2, 1), np.float32)
    for metric in (Density(), Coverage()):
        with pytest.raises(ValueError, match="needs at least 6"):
            metric.compute(few, few)
