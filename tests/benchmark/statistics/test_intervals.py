from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics import summarise
from benchmark.statistics.intervals import LEAST_BOOTSTRAP, bootstrap_interval, without_spread


def test_factor_of_five_repetitions_is_the_literatures() -> None:
    values = [0.0, 0.0, 0.0, 0.0, 1.0]
    assert summarise(values).half_width / np.std(values, ddof=1) == pytest.approx(1.2417, abs=5e-5)


def test_agrees_with_scipys_interval() -> None:
    values = [0.3, 0.1, 0.25, 0.07]
    low, high = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    summary = summarise(values)
    assert (summary.mean - summary.half_width, summary.mean + summary.half_width) == pytest.approx((low, high))


def test_one_value_has_no_interval() -> None:
    assert summarise([0.5]) == (0.5, None)


def test_a_bootstrap_interval_is_near_the_normal_one_for_many_values() -> None:
    values = np.random.default_rng(3).normal(1.0, 2.0, 400)
    low, high = bootstrap_interval(np.zeros(400), values, seed=0, paired=True)
    error = values.std(ddof=1) / np.sqrt(len(values))
    assert (low, high) == pytest.approx((values.mean() - 1.96 * error, values.mean() + 1.96 * error), abs=0.1 * error)


def test_a_bootstrap_interval_leans_to_the_long_tail_and_repeats_with_its_seed() -> None:
    values = np.random.default_rng(5).exponential(1.0, 30)
    none = np.zeros(30)
    low, high = bootstrap_interval(none, values, seed=1, paired=True)
    assert high - values.mean() > 1.1 * (values.mean() - low)
    assert bootstrap_interval(none, values, seed=1, paired=True) == (low, high)
    assert bootstrap_interval(none, values, seed=2, paired=True) != (low, high)


def test_a_bootstrap_without_pairs_is_near_welchs_interval() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(0.0, 2.0, 400), rng.normal(1.0, 1.0, 300)
    expected = stats.ttest_ind(b, a, equal_var=False).confidence_interval()
    found = bootstrap_interval(a, b, seed=0, paired=False)
    assert found == pytest.approx((expected.low, expected.high), abs=0.1 * (expected.high - expected.low) / 2)
    shared = bootstrap_interval(a, a + 1.0, seed=0, paired=True)
    assert shared == (pytest.approx(1.0), pytest.approx(1.0))


def test_a_bootstrap_of_few_or_of_equal_differences() -> None:
    # The chance of the most extreme resample of three is 1/27, more than the 2.5 % of a tail; of four it is 1/256.
    assert 3.0**-3 > 0.025 > 1.0 * LEAST_BOOTSTRAP**-LEAST_BOOTSTRAP
    assert bootstrap_interval(np.zeros(5), np.array([1.0, 2.0, 3.0]), seed=0, paired=False) is None
    for paired in (True, False):
        assert bootstrap_interval(np.zeros(4), np.full(4, 0.5), seed=0, paired=paired) == (0.5, 0.5)


def test_a_spread_of_rounding_errors_is_none() -> None:
    assert without_spread([0.1 + 0.2, 0.3])
    assert not without_spread([0.3, 0.3001])
