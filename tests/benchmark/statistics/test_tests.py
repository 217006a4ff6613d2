from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from benchmark.statistics import difference, holm
from benchmark.statistics.tests import all_pairs, equivalence


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
    draw = np.random.default_rng(0)
    for count in (1, 2, 9, 40):
        p = draw.integers(1, 8, count) / 10 * draw.random(count).round(1)  # with equal ones among them
        np.testing.assert_allclose(holm(p.tolist()), multipletests(p, method="holm")[1])


def test_a_paired_difference_by_hand() -> None:
    # Differences 1 and 3: mean 2, standard error 1, and Student's t with one degree of freedom is Cauchy's distribution.
    mean, low, high, p = difference([1.0, 2.0], [2.0, 5.0], paired=True)
    assert mean == 2.0
    assert (2 - low, high - 2) == pytest.approx((np.tan(0.475 * np.pi),) * 2)
    assert p == pytest.approx(1 - 2 / np.pi * np.arctan(2))


def test_a_difference_without_pairs_is_welchs() -> None:
    # Variances of the means 1 and 4/3; degrees of freedom by Welch and Satterthwaite.
    mean, low, high, p = difference([0.0, 2.0], [1.0, 3.0, 5.0], paired=False)
    error, degrees = np.sqrt(7 / 3), (7 / 3) ** 2 / (1 + (4 / 3) ** 2 / 2)
    assert mean == 2.0
    assert (2 - low, high - 2) == pytest.approx((error * stats.t.ppf(0.975, degrees),) * 2)
    assert p == pytest.approx(2 * stats.t.sf(2 / error, degrees))


def test_a_difference_without_spread() -> None:
    assert difference([1.0], [2.5], paired=True) == (1.5, None, None, None)
    assert difference([1.0, 2.0], [1.0, 2.0], paired=True) == (0.0, 0.0, 0.0, 1.0)
    assert difference([1.0, 2.0], [3.0, 4.0], paired=True) == (2.0, 2.0, 2.0, 0.0)
    assert difference([1.0, 1.0, 1.0], [2.0, 2.0], paired=False) == (1.0, 1.0, 1.0, 0.0)


def test_a_log_scale_compares_ratios() -> None:
    a, b = [1.0, 4.0, 2.0], [3.0, 8.0, 5.0]
    mean, low, high, p = difference(a, b, paired=True, log_scale=True)
    expected = stats.ttest_rel(np.log(b), np.log(a))
    assert p == pytest.approx(expected.pvalue)
    assert mean == pytest.approx(stats.gmean(b) - stats.gmean(a))
    interval = expected.confidence_interval()
    assert (low, high) == pytest.approx((2 * np.exp(interval.low) - 2, 2 * np.exp(interval.high) - 2))
    assert difference([0.0, 1.0], [2.0, 5.0], paired=True, log_scale=True) == difference(
        [0.0, 1.0], [2.0, 5.0], paired=True
    )
    (pair,) = all_pairs(np.array([a, b]), margin=0.0, paired=True, log_scale=True)
    assert (pair.mean, pair.low, pair.high, pair.p) == pytest.approx((mean, low, high, p))


def test_all_pairs_are_scipys_paired_tests_with_holms_correction() -> None:
    losses = np.random.default_rng(0).normal([[0.0], [0.1], [2.0]], 0.2, (3, 6))
    pairs = all_pairs(losses, margin=0.3, paired=True)
    p = [stats.ttest_rel(losses[j], losses[i]).pvalue for i, j in ((0, 1), (0, 2), (1, 2))]
    assert [one.pair for one in pairs] == [(0, 1), (0, 2), (1, 2)]
    assert [one.p for one in pairs] == pytest.approx(p)
    smallest, middle, largest = sorted(p)
    corrected = {smallest: 3 * smallest, middle: max(2 * middle, 3 * smallest), largest: largest}
    assert [one.p_holm for one in pairs] == pytest.approx([corrected[value] for value in p])
    assert [one.said for one in pairs][1:] == ["different", "different"]
    assert pairs[1].mean == pytest.approx(losses[2].mean() - losses[0].mean())


@pytest.mark.parametrize("log_scale", [False, True])
def test_all_pairs_of_units_that_are_not_shared_are_welchs_tests(log_scale: bool) -> None:
    losses = np.random.default_rng(0).uniform([[0.1], [0.2], [2.0]], [[0.3], [0.5], [2.5]], (3, 4))
    pairs = all_pairs(losses, margin=0.0, paired=False, log_scale=log_scale)
    scaled = np.log(losses) if log_scale else losses
    p = [stats.ttest_ind(scaled[j], scaled[i], equal_var=False).pvalue for i, j in ((0, 1), (0, 2), (1, 2))]
    assert [one.p for one in pairs] == pytest.approx(p)
    told = difference(losses[0], losses[2], paired=False, log_scale=log_scale)
    assert (pairs[1].mean, pairs[1].low, pairs[1].high) == pytest.approx(told[:3])


def test_a_significant_difference_within_the_margin_is_none() -> None:
    losses = np.array([[0.0, 0.1, 0.2, 0.3], [0.1, 0.2001, 0.3, 0.4]])
    assert all_pairs(losses, margin=0.05, paired=True)[0].said == "different"
    assert all_pairs(losses, margin=0.2, paired=True)[0].said == "tie"
    assert all_pairs(losses, margin=0.2, paired=True)[0].p_holm < 1e-6


def test_a_difference_that_only_one_of_many_tests_finds_is_undecided() -> None:
    rng = np.random.default_rng(1)
    two = np.stack([np.zeros(5), [0.2, 0.4, 0.6, 0.8, 0.5]])
    assert all_pairs(two, margin=0.0, paired=True)[0].said == "different"  # p = 0.007
    many = np.concatenate([two, rng.normal(0, 0.5, (6, 5))])
    first = all_pairs(many, margin=0.0, paired=True)[0]
    assert first.p < 0.05 <= first.p_holm
    assert first.said == "undecided"


@pytest.mark.parametrize(
    ("difference", "half_width", "said"),
    [
        (0.1, 0.1, "tie"),
        (-0.1, 0.1, "tie"),
        (0.4, 0.1, "different"),
        (-0.4, 0.1, "different"),
        (0.25, 0.1, "undecided"),
    ],
)
def test_what_an_interval_says_beside_a_margin(difference: float, half_width: float, said: str) -> None:
    assert equivalence(difference, half_width, 0.2) == said


def test_holm_of_a_worked_example() -> None:
    """Holm 1979: 0.01, 0.04, 0.03, 0.005 become 4 · 0.005, 3 · 0.01, 2 · 0.03, and 0.06 once more."""
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    p = np.random.default_rng(0).random(27)
    assert (holm(p) >= stats.false_discovery_control(p)).all()
