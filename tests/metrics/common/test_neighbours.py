"""The blocked nearest neighbours against SciPy's tree."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import KDTree

from metrics.common import neighbours

RNG = np.random.default_rng(0)
POINTS, OTHERS = RNG.random((57, 6)), RNG.random((83, 6))


@pytest.fixture(params=[4_000_000, 400])
def _block(request, monkeypatch):
    monkeypatch.setattr(neighbours, "_BLOCK_NUMBERS", request.param)


@pytest.mark.usefixtures("_block")
def test_nearest_is_what_a_tree_finds():
    distances, rows = KDTree(OTHERS).query(POINTS)
    found = neighbours.nearest(POINTS, OTHERS)
    assert (found.rows == rows).all()
    np.testing.assert_allclose(found.distances, distances, rtol=1e-12)
    distances, rows = KDTree(OTHERS).query(OTHERS, k=2)
    found = neighbours.nearest(OTHERS, OTHERS, leave_one_out=True)
    assert (found.rows == rows[:, 1]).all()


@pytest.mark.usefixtures("_block")
def test_balls_are_what_a_tree_finds():
    radii = KDTree(OTHERS).query(OTHERS, k=6)[0][:, 5]
    np.testing.assert_allclose(neighbours.squared_radii(OTHERS, 5), radii**2, rtol=1e-9)
    inside = [len(rows) for rows in KDTree(POINTS).query_ball_point(OTHERS, radii)]
    assert neighbours.counts_in_balls(OTHERS, radii**2, POINTS).tolist() == inside


def test_equal_points_far_from_the_origin_are_at_no_distance():
    twice = np.concatenate([1000 + POINTS, 1000 + POINTS])
    squared = np.concatenate([block for _, block in neighbours.squared_distances(twice, twice)])
    n = len(POINTS)
    assert (np.diagonal(squared, n) == 0).all()
    assert (
        squared[~np.eye(2 * n, dtype=bool) & ~np.eye(2 * n, k=n, dtype=bool) & ~np.eye(2 * n, k=-n, dtype=bool)] > 0
    ).all()
