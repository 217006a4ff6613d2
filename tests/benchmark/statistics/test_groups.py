from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from benchmark.statistics.groups import compact_letters, significance_groups


def test_three_of_a_kind_and_one_apart() -> None:
    assert compact_letters([0.3, 0.1, 0.2, 0.9], [(0, 3), (1, 3), (2, 3)]) == ("a", "a", "a", "b")


def test_groups_that_overlap_share_a_letter_in_the_order_of_goodness() -> None:
    # By loss 1, 0, 2: the best and the worst differ, and the one between belongs to either.
    assert compact_letters([0.2, 0.1, 0.3], [(1, 2)]) == ("ab", "a", "b")


def test_sharing_a_letter_is_the_same_as_not_differing() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        count = int(rng.integers(2, 9))
        pairs = list(combinations(range(count), 2))
        different = [pair for pair in pairs if rng.random() < 0.5]
        letters = compact_letters(rng.random(count), different)
        shared = {pair for pair in pairs if set(letters[pair[0]]) & set(letters[pair[1]])}
        assert shared == set(pairs) - set(different)


def test_generators_apart_and_generators_within_the_margin() -> None:
    noise = np.random.default_rng(1).normal(0, 0.01, (4, 6))
    losses = np.array([[0.30], [0.10], [0.11], [0.90]]) + noise
    assert significance_groups(losses, 0.05, paired=True).letters == ("b", "a", "a", "c")
    assert significance_groups(losses, 0.35, paired=True).letters == ("a", "a", "a", "b")


def test_letters_of_units_that_are_not_shared_do_not_depend_on_their_order() -> None:
    losses = np.array([[0.1, 0.5, 0.3], [0.4, 0.8, 0.6]])
    turned = np.array([[0.1, 0.5, 0.3], [0.8, 0.4, 0.6]])
    assert significance_groups(losses, 0.0, paired=True).letters == ("a", "b")
    apart = [significance_groups(one, 0.0, paired=False) for one in (losses, turned)]
    assert [found.letters for found in apart] == [("a", "a")] * 2
    assert apart[0].comparisons[0].p == apart[1].comparisons[0].p


@pytest.mark.parametrize(("shape", "reason"), [((1, 5), "fewer than two"), ((3, 1), "no spread")])
def test_too_few_have_no_letters(shape: tuple[int, int], reason: str) -> None:
    found = significance_groups(np.ones(shape), 0.0, paired=True)
    assert found.letters == ("",) * shape[0]
    assert reason in found.reason


def test_more_groups_than_letters_are_refused() -> None:
    losses = np.arange(60.0)[:, None] + np.zeros((60, 3))
    found = significance_groups(losses, 0.0, paired=True)
    assert set(found.letters) == {""}
    assert "more than 52" in found.reason
