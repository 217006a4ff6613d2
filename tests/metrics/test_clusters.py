"""Areas, ranks and ratios by block: SciPy's and scikit-learn's where windows are independent, sums of blocks where not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from metrics.base import Blocks, NotApplicable, ScoreContext
from metrics.common.clusters import (
    Estimate,
    Variance,
    area_by_block,
    check_blocks,
    mean_ratio_by_block,
    rank_shift,
    variance_by_block,
)
from metrics.data_copying import DataCopying

RNG = np.random.default_rng(0)
A, B = np.round(RNG.normal(0.5, 1, 40), 1), np.round(RNG.normal(0, 1, 30), 1)
ALONE = np.arange(40), 100 + np.arange(30)


def test_the_area_is_scikit_learns_and_its_variance_delongs():
    area = area_by_block(A, ALONE[0], B, ALONE[1])
    pairs = (A[:, None] > B) + 0.5 * (A[:, None] == B)
    assert area.value == pytest.approx(roc_auc_score(np.arange(70) < 40, np.concatenate([A, B])))
    assert area.variance.value == pytest.approx(
        pairs.mean(axis=1).var(ddof=1) / 40 + pairs.mean(axis=0).var(ddof=1) / 30
    )


def test_the_test_on_ranks_is_welchs():
    shift = rank_shift(A, B)
    ranks = stats.rankdata(np.concatenate([A, B]))
    for alternative in ("less", "greater", "two-sided"):
        welch = stats.ttest_ind(ranks[:40], ranks[40:], equal_var=False, alternative=alternative)
        assert shift.estimate(*ALONE).p_value(0, alternative) == pytest.approx(welch.pvalue)
    assert shift.value == pytest.approx(area_by_block(A, ALONE[0], B, ALONE[1]).value - 0.5)


def test_the_interval_is_the_t_interval_of_a_mean():
    mean = A.mean()
    estimate = Estimate(mean, variance_by_block((A - mean) / 40, ALONE[0]))
    expected = stats.ttest_1samp(A, 0).confidence_interval(0.95)
    assert estimate.interval() == pytest.approx((expected.low, expected.high))
    assert estimate.interval(lowest=mean).low == mean
    assert estimate.interval(highest=mean).high == mean


def test_windows_repeated_within_their_block_say_nothing_new():
    once = area_by_block(A, ALONE[0], B, ALONE[1])
    often = area_by_block(np.repeat(A, 7), np.repeat(ALONE[0], 7), np.repeat(B, 7), np.repeat(ALONE[1], 7))
    assert often.value == pytest.approx(once.value)
    assert often.variance == pytest.approx(once.variance)
    blind = area_by_block(np.repeat(A, 7), np.arange(280), np.repeat(B, 7), 280 + np.arange(210))
    assert blind.error < once.error / 2.5


def test_the_mean_ratio_by_an_exact_base_and_its_jackknife():
    over, blocks = RNG.random((1, 40)), np.arange(40) // 4
    estimate = mean_ratio_by_block(over, np.full((1, 40), 2.0), blocks)
    means = over.reshape(10, 4).mean(axis=1) / 2
    assert estimate.value == pytest.approx(means.mean())
    assert estimate.variance == pytest.approx((means.var(ddof=1) / 10, 9))
    over, under = RNG.random((2, 4000)) + 1, RNG.random((2, 4000)) + 1
    blocks = np.arange(4000) // 20
    left_out = np.array(
        [(over[:, blocks != k].mean(axis=1) / under[:, blocks != k].mean(axis=1)).mean() for k in range(200)]
    )
    jackknife = 199 / 200 * np.square(left_out - left_out.mean()).sum()
    assert mean_ratio_by_block(over, under, blocks).variance.value == pytest.approx(jackknife, rel=0.02)


def test_values_without_spread_are_certain():
    certain = Estimate(0.5, Variance(0.0, 3))
    assert [certain.p_value(0, how) for how in ("less", "greater", "two-sided")] == [1, 0, 0]
    assert [certain.p_value(0.5, how) for how in ("less", "greater", "two-sided")] == [0.5, 0.5, 1]
    assert variance_by_block(np.array([-1.0, 1.0]), np.array([4, 4])).value == 0


def test_blocks_are_asked_for():
    with pytest.raises(NotApplicable, match="use the protocol 'strict'"):
        check_blocks(DataCopying(), ScoreContext())
    one, many = np.zeros(5, np.intp), np.arange(1, 6)
    with pytest.raises(NotApplicable, match="one block holds all test windows"):
        check_blocks(DataCopying(), ScoreContext(blocks=Blocks(one, many, many + 5)))
    with pytest.raises(NotApplicable, match="one block holds all training windows"):
        check_blocks(DataCopying(), ScoreContext(blocks=Blocks(many, one, many + 5)))


def test_fitted_means_take_degrees_of_freedom():
    """Five sums of blocks and two means: 5 / 3 of the sum of squares; at least one degree is left."""
    deviations, blocks = np.array([1.0, 1, -3, 2, -1, 0, 0]), np.array([0, 0, 1, 2, 3, 4, 4])
    squares = 4 + 9 + 4 + 1 + 0
    assert variance_by_block(deviations, blocks, 2) == (pytest.approx(squares * 5 / 3), 3)
    assert variance_by_block(deviations, blocks, 9).freedom == 1
