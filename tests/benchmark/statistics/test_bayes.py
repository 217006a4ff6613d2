from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics.bayes import mean_probabilities, sign_probabilities

NONE = np.zeros(5)


def test_the_posterior_of_a_mean_by_hand() -> None:
    # Two advantages 1 and 3: mean 2, scale 1, and Student's t with one degree of freedom is Cauchy's distribution.
    found = mean_probabilities(np.array([4.0, 1.0]), np.array([5.0, 4.0]), rope=1.0, paired=True)
    below, above = (np.arctan(limit - 2.0) / np.pi + 0.5 for limit in (-1.0, 1.0))
    assert (found.worse, found.equivalent, found.better) == pytest.approx((below, above - below, 1 - above))


def test_without_a_region_better_is_one_minus_the_one_sided_p_value() -> None:
    values = np.array([0.2, -0.1, 0.4, 0.3, 0.1])
    found = mean_probabilities(NONE, values, rope=0.0, paired=True)
    assert found.worse == pytest.approx(stats.ttest_1samp(values, 0.0, alternative="greater").pvalue)
    assert (found.equivalent, found.better) == pytest.approx((0.0, 1 - found.worse), abs=1e-12)


def test_without_pairs_the_posterior_is_that_of_welchs_test() -> None:
    first, other = np.array([0.2, 0.0, 0.1]), np.array([0.2, -0.1, 0.4, 0.3, 0.1])
    found = mean_probabilities(first, other, rope=0.0, paired=False)
    assert found.worse == pytest.approx(stats.ttest_ind(other, first, equal_var=False, alternative="greater").pvalue)
    constant = mean_probabilities(NONE[:3], other, rope=0.0, paired=False)
    assert constant.worse == pytest.approx(stats.ttest_1samp(other, 0.0, alternative="greater").pvalue)


def test_a_wider_region_holds_more() -> None:
    values = np.array([0.2, -0.1, 0.4, 0.3, 0.1])
    within = [mean_probabilities(NONE, values, rope, paired=True).equivalent for rope in (0.0, 0.1, 0.5, 10.0)]
    assert within == sorted(within)
    assert within[-1] == pytest.approx(1.0, abs=1e-4)


def test_advantages_without_spread_are_certain() -> None:
    for paired in (True, False):
        found = mean_probabilities(np.zeros(2), np.array([0.5, 0.5]), rope=0.1, paired=paired)
        assert (found.better, found.equivalent, found.worse) == (1.0, 0.0, 0.0)


def test_the_sign_test_of_wins_alone_by_the_beta_distribution() -> None:
    # θ ~ Dirichlet(ties: 1, wins: 6): winning is the more frequent where Beta(6, 1) exceeds one half: 1 − ½⁶.
    found = sign_probabilities([1] * 6, seed=0)
    assert found.better == pytest.approx(1 - 0.5**6, abs=4e-3)
    assert found.worse == pytest.approx(0.0, abs=1e-3)
    mirrored = sign_probabilities([-1] * 6, seed=0)
    assert mirrored.worse == pytest.approx(1 - 0.5**6, abs=4e-3)


def test_ties_are_equivalence_and_a_seed_repeats() -> None:
    assert sign_probabilities([0] * 6, seed=0).equivalent > 0.99
    assert sign_probabilities([1, 1, 0, -1, 1, 0], seed=4) == sign_probabilities([1, 1, 0, -1, 1, 0], seed=4)
