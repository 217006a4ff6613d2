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
    low, high = bootstrap_interval(values, seed=0)
    error = values.std(ddof=1) / np.sqrt(len(values))
    assert (low, high) == pytest.approx((values.mean() - 1.96 * error, values.mean() + 1.96 * error), abs=0.1 * error)


def test_a_bootstrap_interval_leans_to_the_long_tail_and_repeats_with_its_seed() -> None:
    values = np.random.default_rng(5).exponential(1.0, 30)
    low, high = bootstrap_interval(values, seed=1)
    assert high - values.mean() > 1.1 * (values.mean() - low)
    assert bootstrap_interval(values, seed=1) == (low, high)
    assert bootstrap_interval(values, seed=2) != (low, high)


def test_a_bootstrap_of_few_or_of_equal_differences() -> None:
    # The chance of the most extreme resample of three is 1/27, more than the 2.5 % of a tail; of four it is 1/256.
    assert 3.0**-3 > 0.025 > 1.0 * LEAST_BOOTSTRAP**-LEAST_BOOTSTRAP
    assert bootstrap_interval([1.0, 2.0, 3.0], seed=0) is None
    assert bootstrap_interval([0.5, 0.5, 0.5, 0.5], seed=0) == (0.5, 0.5)


def test_a_spread_of_rounding_errors_is_none() -> None:
    assert without_spread([0.1 + 0.2, 0.3])
    assert not without_spread([0.3, 0.3001])
