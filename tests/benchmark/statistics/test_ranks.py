from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics.ranks import (
    LEAST_BLOCKS,
    critical_difference,
    few_blocks,
    nemenyi,
    rank_test,
    ranks,
    too_few,
    win_rates,
)

RNG = np.random.default_rng(7)
LOSSES = np.arange(4.0)[:, None] + RNG.normal(0, 1.0, (4, 12))
"""Four generators, twelve blocks."""


def test_ranks_run_within_a_block() -> None:
    losses = np.array([[0.1, 9.0], [0.2, 7.0], [0.2, 8.0]])
    assert ranks(losses).tolist() == [[1.0, 3.0], [2.5, 1.0], [2.5, 2.0]]


def test_friedmans_statistic_by_its_definition() -> None:
    by_block = stats.rankdata(LOSSES, axis=0)
    sums, (k, n) = by_block.sum(axis=1), LOSSES.shape
    by_hand = 12 / (n * k * (k + 1)) * np.square(sums).sum() - 3 * n * (k + 1)
    found = rank_test(LOSSES)
    assert found.statistic == pytest.approx(by_hand)
    assert found.p == pytest.approx(stats.chi2.sf(by_hand, k - 1))
    assert found.p == stats.friedmanchisquare(*LOSSES).pvalue


def test_blocks_taken_for_generators_have_another_statistic() -> None:
    transposed = rank_test(np.concatenate([LOSSES, LOSSES]).T)
    assert transposed.statistic != pytest.approx(rank_test(LOSSES).statistic)
    assert len(transposed.letters) == LOSSES.shape[1]


def test_nemenyi_by_the_studentized_range() -> None:
    mean = stats.rankdata(LOSSES, axis=0).mean(axis=1)
    k, n = LOSSES.shape
    q = abs(mean[0] - mean[3]) / np.sqrt(k * (k + 1) / (6 * n)) * np.sqrt(2)
    p = nemenyi(LOSSES)
    assert p.shape == (k, k)
    assert p[0, 3] == pytest.approx(stats.studentized_range.sf(q, k, np.inf))
    assert p[3, 0] == p[0, 3]


def test_critical_differences_of_demsars_table() -> None:
    # Demšar 2006, Table 5: q(0.05) is 1.960, 2.343, 2.569 and 3.164 for 2, 3, 4 and 10; his example has 4 and 14 data sets.
    for count, q in ((2, 1.960), (3, 2.343), (4, 2.569), (10, 3.164)):
        assert critical_difference(count, 1) / np.sqrt(count * (count + 1) / 6) == pytest.approx(
            q, abs=1e-3
        )  # printed to three digits
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=5e-3)


def test_mean_ranks_farther_apart_than_the_critical_difference_are_told_apart() -> None:
    found = rank_test(LOSSES)
    mean = ranks(LOSSES).mean(axis=1)
    for i in range(4):
        for j in range(4):
            apart = abs(mean[i] - mean[j]) > found.critical_difference
            assert apart == (found.p_pairs[i][j] < 0.05)
            assert apart == (not set(found.letters[i]) & set(found.letters[j]))
    assert "".join(found.letters).startswith("a")


def test_few_blocks_or_generators_are_refused_with_a_reason() -> None:
    assert 2 * 0.5**LEAST_BLOCKS < 0.05 <= 2 * 0.5 ** (LEAST_BLOCKS - 1)
    assert "5 blocks" in rank_test(LOSSES[:, :5]).reason
    assert "1 block (a data set at a length) is too few" in few_blocks(1)
    assert "2 can be ranked" in rank_test(LOSSES[:2]).reason
    assert rank_test(LOSSES[:2]).p is None
    assert too_few(3, 6) == ""


def test_equal_ranks_leave_every_pair_together() -> None:
    losses = np.array([np.roll([1.0, 2.0, 3.0], shift % 3) for shift in range(6)]).T
    found = rank_test(losses)
    assert (found.statistic, found.p) == (pytest.approx(0.0), pytest.approx(1.0))
    assert (found.letters, found.p_pairs) == (("a", "a", "a"), None)
    assert "does not reject" in found.reason
    assert "approximate" in found.reason


def test_ties_everywhere_have_no_statistic() -> None:
    assert "tie in every block" in rank_test(np.ones((3, 6))).reason


def test_win_rates_count_ties_within_the_margin_half() -> None:
    losses = np.array([[0.1, 0.5, 0.30, 0.2], [0.2, 0.4, 0.31, 0.2]])
    rates = win_rates(losses, np.array([0.0, 0.0, 0.02, 0.0]))
    assert rates.tolist() == [[0.5, 0.5], [0.5, 0.5]]  # one win, one loss, two ties
    assert win_rates(losses, np.zeros(4))[0, 1] == pytest.approx(2.5 / 4)
    assert win_rates(losses, np.zeros(4))[1, 0] == pytest.approx(1.5 / 4)
