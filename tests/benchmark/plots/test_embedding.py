from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from benchmark.plots.embedding import MOST_VALUES, MOST_WINDOWS, _density, _points, _values, embed, subset
from benchmark.plots.style import GENERATED, REAL


def windows(n: int, seed: int) -> np.ndarray:
    # Features of different spread, so that the principal axes are told apart.
    return (np.random.default_rng(seed).random((n, 5, 2)) * [1.0, 0.5]).astype(np.float32)


def test_a_subset_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    many = windows(1500, 0)
    assert len(subset(many, 1)) == MOST_WINDOWS
    assert np.array_equal(subset(many, 1), subset(many, 1))
    assert not np.array_equal(subset(many, 1), subset(many, 2))
    assert subset(windows(10, 0), 1).shape == (10, 5, 2)


def test_pca_is_that_of_the_real_windows_for_both_sides() -> None:
    real, generated = windows(80, 0), windows(50, 1) + np.float32(0.3)
    found = embed(real, generated, 3).pca
    centre = real.reshape(80, -1).astype(np.float64).mean(axis=0)
    axes = np.linalg.svd(real.reshape(80, -1) - centre, full_matrices=False)[2][:2]
    for side, points in zip((real, generated), found, strict=True):
        expected = (side.reshape(len(side), -1) - centre) @ axes.T
        assert np.allclose(np.abs(points), np.abs(expected), atol=1e-5)


def test_equal_windows_lie_on_each_other_and_far_ones_apart_in_one_tsne() -> None:
    real = windows(60, 0)
    same, far = embed(real, real, 3).tsne, embed(real, real * 0.1 + np.float32(5), 3).tsne
    assert np.median(np.linalg.norm(same[0] - same[1], axis=1)) < 0.1 * np.ptp(same[0])
    # t-SNE keeps neighbours: the nearest point of nearly every point is of its own side.
    both = np.concatenate(far)
    distances = np.linalg.norm(both[:, None] - both[None], axis=2) + np.eye(120) * 1e9
    assert ((distances.argmin(axis=1) >= 60) == (np.arange(120) >= 60)).mean() > 0.95


def test_clouds_are_told_apart_without_color() -> None:
    from matplotlib.colors import to_rgb

    real, generated = windows(40, 0), windows(40, 1)
    panel = Figure().subplots()
    _points(panel, embed(real, generated, 3).pca)
    dots, triangles = panel.collections
    assert len(dots.get_facecolor()) == 1
    assert len(triangles.get_facecolor()) == 0  # open
    assert len(dots.get_paths()[0]) != len(triangles.get_paths()[0])
    # Relative luminance by ITU-R BT.709.
    dark, light = (np.dot(to_rgb(colour), [0.2126, 0.7152, 0.0722]) for colour in (REAL, GENERATED))
    assert light - dark > 0.25


def test_the_density_is_of_every_feature() -> None:
    many = np.zeros((1000, 50, 2), np.float32)
    many[:, :, 1] = 1.0
    noisy = many + np.random.default_rng(0).normal(0, 1e-3, many.shape).astype(np.float32)
    values = _values(noisy, 3)
    assert values.size == MOST_VALUES
    assert (values > 0.5).mean() == pytest.approx(0.5, abs=0.02)


def test_a_density_beyond_the_range_of_training_windows_is_shown_whole() -> None:
    rng = np.random.default_rng(0)
    figure = Figure()
    panel = figure.subplots()
    _density(panel, (rng.uniform(-0.2, 0.9, 300).astype(np.float32), rng.uniform(0.1, 1.3, 300).astype(np.float32)))
    low, high = panel.get_xlim()
    assert low < -0.19
    assert high > 1.29
    inside = figure.add_subplot()
    _density(inside, (np.float32([0.2, 0.4, 0.5]), np.float32([0.3, 0.4, 0.6])))
    assert inside.get_xlim() == (0, 1)
