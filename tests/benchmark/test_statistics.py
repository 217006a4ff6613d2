from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics import difference, holm, summarise


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


@pytest.mark.parametrize(
    ("p", "corrected"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),  # 3 · .01, 2 · .03, and .04 is no less than .06
        ([0.5, 0.9], [1.0, 1.0]),
        ([0.02], [0.02]),
        ([], []),
    ],
)
def test_holm_by_hand(p: list[float], corrected: list[float]) -> None:
    assert holm(p) == pytest.approx(corrected)


def test_a_paired_difference_by_hand() -> None:
    # Differences 1 and 3: mean 2, standard error 1, and Student's t with one degree of freedom is Cauchy's distribution.
    mean, half_width, p = difference([1.0, 2.0], [2.0, 5.0])
    assert mean == 2.0
    assert half_width == pytest.approx(np.tan(0.475 * np.pi))
    assert p == pytest.approx(1 - 2 / np.pi * np.arctan(2))


def test_a_difference_of_unequal_numbers_is_welchs() -> None:
    # Variances of the means 1 and 4/3; degrees of freedom by Welch and Satterthwaite.
    mean, half_width, p = difference([0.0, 2.0], [1.0, 3.0, 5.0])
    error, degrees = np.sqrt(7 / 3), (7 / 3) ** 2 / (1 + (4 / 3) ** 2 / 2)
    assert mean == 2.0
    assert half_width == pytest.approx(error * stats.t.ppf(0.975, degrees))
    assert p == pytest.approx(2 * stats.t.sf(2 / error, degrees))


def test_a_difference_without_spread() -> None:
    assert difference([1.0], [2.5]) == (1.5, None, None)
    assert difference([1.0, 2.0], [1.0, 2.0]) == (0.0, 0.0, 1.0)
    assert difference([1.0, 2.0], [3.0, 4.0]) == (2.0, 0.0, 0.0)
    assert difference([1.0, 1.0, 1.0], [2.0, 2.0]) == (1.0, 0.0, 0.0)
