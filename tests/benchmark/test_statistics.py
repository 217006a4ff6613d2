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


def test_holm_is_that_of_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(0)
    for m in (1, 2, 5, 40):
        p = rng.random(m) ** 4
        assert holm(list(p)) == pytest.approx(multipletests(p, method="holm")[1])


def test_a_difference_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    for n, m in ((2, 2), (5, 5), (5, 3), (2, 9)):
        a, b = rng.normal(size=n), 0.5 + 2 * rng.normal(size=m)
        found = difference(a, b)
        test = stats.ttest_rel(b, a) if n == m else stats.ttest_ind(b, a, equal_var=False)
        low, high = test.confidence_interval(0.95)
        assert found.mean == pytest.approx(b.mean() - a.mean())
        assert found.p == pytest.approx(test.pvalue)
        assert (found.mean - (found.half_width or 0), found.mean + (found.half_width or 0)) == pytest.approx(
            (low, high)
        )


def test_a_difference_without_spread() -> None:
    assert difference([1.0], [2.5]) == (1.5, None, None)
    assert difference([1.0, 2.0], [1.0, 2.0]) == (0.0, 0.0, 1.0)
    assert difference([1.0, 2.0], [3.0, 4.0]) == (2.0, 0.0, 0.0)
    assert difference([1.0, 1.0, 1.0], [2.0, 2.0]) == (1.0, 0.0, 0.0)
