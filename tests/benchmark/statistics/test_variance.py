from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmark.errors import UserError
from benchmark.statistics.variance import (
    MeanSquare,
    components_of,
    difference_interval,
    mean_squares,
    variance_components,
)


def frame_of(values: np.ndarray) -> pd.DataFrame:
    rows = [
        {"seed": i, "sampling_seed": j, "repetition": k, "value": values[i, j, k]}
        for i, j, k in itertools.product(*map(range, values.shape))
    ]
    return pd.DataFrame(rows)


def draw(
    rng: np.random.Generator, shape: tuple[int, int, int], variances: tuple[float, float, float, float]
) -> np.ndarray:
    i, j, k = shape
    t, s, r, e = np.sqrt(variances)
    return (
        t * rng.standard_normal((i, 1, 1))
        + s * rng.standard_normal((i, j, 1))
        + r * rng.standard_normal((1, 1, k))
        + e * rng.standard_normal((i, j, k))
    )


def test_mean_squares_by_hand() -> None:
    # Effects ±1 of training, ±0.5 of sampling, ±2 of repetition, and an interaction ±0.25 of sample and repetition.
    t = np.array([1.0, -1.0])[:, None, None]
    s = np.array([0.5, -0.5])[None, :, None]
    r = np.array([2.0, -2.0])[None, None, :]
    interaction = 0.25 * np.sign(t * s * r)
    found = mean_squares(10.0 + t + s + r + interaction)
    # Sums of squares: 8 · 1, 8 · 0.25, 8 · 4, 8 · 0.0625.
    assert [one.degrees for one in found] == [1, 2, 1, 3]
    assert [one.value for one in found] == pytest.approx([8.0, 1.0, 32.0, 0.5 / 3])


def test_components_follow_from_the_expected_mean_squares() -> None:
    values = draw(np.random.default_rng(5), (4, 3, 5), (4.0, 1.0, 2.0, 0.5))
    t, s, r, e = (one.value for one in mean_squares(values))
    found = components_of(values)
    expected = [(t - s) / 15, (s - e) / 5, (r - e) / 12, e]
    assert [one.variance for one in found] == pytest.approx(expected)
    assert [one.share for one in found] == pytest.approx(np.array(expected) / sum(expected))
    assert found[3].interval == pytest.approx((44 * e / stats.chi2.isf(0.025, 44), 44 * e / stats.chi2.isf(0.975, 44)))


def test_a_simulation_returns_its_components_and_covers_them() -> None:
    rng, truth = np.random.default_rng(1), (3.0, 1.0, 2.0, 0.5)
    runs = [components_of(draw(rng, (6, 3, 5), truth)) for _ in range(400)]
    for place, variance in enumerate(truth):
        found = [run[place] for run in runs]
        assert np.mean([one.variance for one in found]) == pytest.approx(variance, rel=0.12)
        covered = np.mean([one.interval[0] <= variance <= one.interval[1] for one in found])
        assert 0.92 <= covered <= 0.98


def test_a_negative_estimate_stands_as_zero_and_says_so() -> None:
    # Sampling seeds differ by nothing, and the residual does.
    values = (
        np.zeros((2, 2, 2))
        + 0.1 * np.array([[[1, -1], [-1, 1]], [[1, -1], [-1, 1]]])
        + np.array([5.0, -5.0])[:, None, None]
    )
    sampling = components_of(values)[1]
    assert sampling.variance == 0.0
    assert sampling.interval[0] == 0.0
    assert "negative" in sampling.reason


def test_one_sampling_seed_leaves_its_variance_in_training() -> None:
    values = draw(np.random.default_rng(2), (5, 1, 4), (2.0, 0.0, 1.0, 0.3))
    t, _, _, e = (one.value for one in mean_squares(values))
    training, sampling, *_ = components_of(values)
    assert training.variance == pytest.approx((t - e) / 4)
    assert training.reason == "contains the variance of sampling"
    assert (sampling.variance, sampling.share, sampling.interval) == (None, None, None)


def test_one_repetition_leaves_the_residual_in_sampling() -> None:
    values = draw(np.random.default_rng(3), (4, 3, 1), (2.0, 1.0, 0.0, 0.0))
    training, sampling, repetition, residual = components_of(values)
    within = values[:, :, 0].var(axis=1, ddof=1).mean()
    assert sampling.variance == pytest.approx(within)
    assert training.variance == pytest.approx(values.mean(axis=(1, 2)).var(ddof=1) - within / 3)
    assert (repetition.variance, residual.variance) == (None, None)


def test_one_sample_has_the_variance_of_its_repetitions_alone() -> None:
    values = np.array([[[1.0, 2.0, 4.0]]])
    found = components_of(values)
    assert [one.variance for one in found] == [None, None, pytest.approx(np.var([1, 2, 4], ddof=1)), None]
    assert found[2].share == 1.0
    assert all(one.reason for one in found)


def test_an_interval_of_a_difference_is_chi_squared_where_the_lower_mean_square_is_known() -> None:
    # With very many degrees of freedom below, E[own] − E[below] is a χ² interval minus a constant.
    low, high = difference_interval(MeanSquare(4.0, 8), MeanSquare(1.0, 10**7))
    exact = [8 * 4.0 / stats.chi2.isf(tail, 8) - 1.0 for tail in (0.025, 0.975)]
    assert (low, high) == pytest.approx(exact, rel=1e-2)


def test_a_frame_is_read_by_its_columns_in_any_order() -> None:
    values = draw(np.random.default_rng(4), (3, 2, 4), (2.0, 1.0, 3.0, 0.2))
    frame = frame_of(values)
    frame["sampling_seed"] += 10 * frame["seed"]  # names within a training seed
    shuffled = frame.sample(frac=1.0, random_state=0)
    assert variance_components(shuffled) == components_of(values)


def test_an_unbalanced_frame_is_refused() -> None:
    frame = frame_of(np.ones((2, 2, 2)))
    for broken in (
        frame.iloc[1:],
        frame[~((frame["seed"] == 0) & (frame["sampling_seed"] == 0))],
        pd.concat([frame, frame]),
    ):
        with pytest.raises(UserError, match="balanced design"):
            variance_components(broken)
