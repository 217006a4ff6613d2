"""The three-sample test: SciPy's Mann-Whitney statistic by cell, copies below 0, and dependent windows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from metrics.base import Blocks, NotApplicable, ScoreContext
from metrics.common.neighbours import nearest
from metrics.data_copying import DataCopying, averaged, cells_of
from tests.metrics.conftest import independent
from tests.metrics.test_memorisation import points


def z_of(generated: np.ndarray, test: np.ndarray) -> float:
    n, m = len(test), len(generated)
    u = stats.mannwhitneyu(generated, test).statistic
    return (u - n * m / 2) / np.sqrt(n * m * (n + m + 1) / 12)


def context(real: int, training: np.ndarray, seeds=(0,)) -> ScoreContext:
    return ScoreContext(seeds=seeds, training=training, blocks=independent(real, len(training)))


def distances(points: np.ndarray, training: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - training[None], axis=(2, 3)).min(axis=1)


def test_one_cell_is_the_mann_whitney_test():
    training, test, fake = points(200, 0), points(60, 1), points(70, 2) * np.float32(1.05)
    score = DataCopying().compute(test, fake, context(60, training))
    expected = z_of(distances(fake, training), distances(test, training))
    assert score.values == (pytest.approx(expected),)
    assert score.details["z"] == [pytest.approx(expected)]
    assert score.details["cell_test"] == [[60]]


def test_cells_are_weighted_by_their_test_windows_and_small_ones_left_out():
    """Three far clouds are the cells; the third has test windows but too few generated ones."""
    training = np.concatenate([points(100, place) + 10 * place for place in range(3)])
    test = np.concatenate([points(count, 3 + place) + 10 * place for place, count in enumerate((100, 50, 30))])
    fake = np.concatenate([points(40, 7) * np.float32(0.9), training[100:180], points(19, 8) + 20])
    score = DataCopying().compute(test, fake, context(180, training))
    to_test, to_fake = distances(test, training), distances(fake, training)
    first, second = z_of(to_fake[:40], to_test[:100]), z_of(to_fake[40:120], to_test[100:150])
    assert score.values == (pytest.approx((100 * first + 50 * second) / 150),)
    assert sorted(zip(score.details["cell_test"][0], score.details["cell_generated"][0], strict=True)) == [
        (50, 80), (100, 40),
    ]  # fmt: skip
    assert score.details["test_in_cells"] == [pytest.approx(150 / 180)]


def test_copies_lie_below_0_and_strangers_above():
    training, test = points(400, 0), points(200, 1)
    copies = DataCopying().compute(test, training[:200], context(200, training, (0, 1)))
    assert max(copies.values) < -5
    assert max(copies.details["p_value"]) < 1e-6
    strange = DataCopying().compute(test, points(200, 2) + np.float32(1), context(200, training))
    assert strange.values[0] > 5
    assert strange.details["p_value"][0] > 0.999


def test_dependent_windows_raise_no_alarm():
    """Twenty blocks of ten nearly equal windows: the z-score of independent ones is far too wide, that by blocks is not."""
    rng = np.random.default_rng(0)
    alarms, naive = 0, 0
    for _ in range(300):
        test = np.repeat(rng.random(20), 10) + 0.05 * rng.random(200)
        generated = rng.random(200) * 1.05
        whole = np.zeros(200, np.intp)
        cells = cells_of(test, generated, whole, whole)
        estimate = averaged(cells, np.arange(200) // 10, np.arange(200))
        alarms += estimate.p_value(0, "less") < 0.05
        naive += cells[0].z < stats.norm.ppf(0.05)
    assert 0.02 < alarms / 300 < 0.09
    assert naive / 300 > 0.15


def test_each_cell_takes_a_degree_of_freedom():
    """Seventeen blocks of ten windows in five cells: the variance is that of C_T over many draws, and alarms are 5 %."""
    rng = np.random.default_rng(0)
    block_of, values, variances, alarms = np.arange(170) // 10, [], [], 0
    for _ in range(400):
        cell_of = np.repeat(rng.permutation(np.arange(17) % 5), 10)
        test = np.repeat(rng.random(17), 10) + 0.05 * rng.random(170)
        generated = rng.random(400) * 1.05
        estimate = averaged(cells_of(test, generated, cell_of, np.arange(400) % 5), block_of, np.arange(400))
        values.append(estimate.value)
        variances.append(estimate.variance.value)
        alarms += estimate.p_value(0, "less") < 0.05
    assert np.mean(variances) == pytest.approx(np.var(values), rel=0.15)
    assert 0.03 < alarms / 400 < 0.09


def test_generated_windows_around_one_block_of_training_windows_depend_on_each_other():
    training, test = points(60, 0), points(60, 1)
    blocks = np.arange(60) // 20
    spread = independent(60, 60)
    both = [
        DataCopying().compute(test, points(60, 2), ScoreContext(training=training, blocks=Blocks(spread.real, b, b)))
        for b in (spread.training, blocks)
    ]
    rows = nearest(points(60, 2).reshape(60, 2), training.reshape(60, 2).astype(float)).rows
    assert len(np.unique(blocks[rows])) == 3
    assert both[0].values == both[1].values
    assert both[0].details["z_blocks"] != both[1].details["z_blocks"]


def test_without_blocks_it_is_not_defined():
    with pytest.raises(NotApplicable, match="data_copying needs test windows that no generator saw"):
        DataCopying().compute(points(9, 0), points(9, 1), ScoreContext(training=points(9, 2)))
    with pytest.raises(ValueError, match="give them as 'training'"):
        DataCopying().compute(points(9, 0), points(9, 1), ScoreContext(blocks=independent(9, 9)))


def test_the_error_is_at_least_that_of_independent_windows():
    """Blocks of a near and a far window each have nearly equal sums, which is no certainty."""
    places, whole = np.arange(40), np.zeros(40, np.intp)
    blocks = np.minimum(places, 39 - places)
    estimate = averaged(cells_of(places + 0.0, places + 0.5, whole, whole), blocks, blocks)
    assert estimate.variance.value == 1


def test_a_cell_of_twenty_windows_of_either_side_counts():
    training = np.concatenate([points(100, place) + 10 * place for place in range(2)])
    test = np.concatenate([points(80, 3), points(20, 4) + 10])
    fake = np.concatenate([points(40, 5), points(20, 6) + 10])
    score = DataCopying().compute(test, fake, context(100, training))
    assert sorted(score.details["cell_generated"][0]) == [20, 40]
