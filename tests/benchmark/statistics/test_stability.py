from __future__ import annotations

import numpy as np
import pytest

from benchmark.statistics.stability import LEVELS, rank_stability


def test_a_first_that_is_always_better_stays_first() -> None:
    values = [np.array([[[0.1, 0.2, 0.3]], [[1.1, 1.2, 1.3]], [[2.1, 2.2, 2.3]]])]
    found = rank_stability(values, 0.0, ["repetitions"], seed=0)
    assert found.first_stays == 1.0
    assert found.places == ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    assert found.drawn == ("repetitions",)


def test_one_outlier_of_three_repetitions_by_hand() -> None:
    # The second wins wherever the third repetition, in which it is far ahead, is not drawn less than once: 1 − (2/3)³ = 19/27.
    values = [np.array([[[0.0, 0.0, 9.0]], [[1.0, 1.0, 0.0]]])]
    found = rank_stability(values, 0.0, ["repetitions"], seed=0)
    assert found.first_stays == pytest.approx(19 / 27, abs=0.03)
    assert found.places[1][0] == found.first_stays
    assert np.sum(found.places, axis=0) == pytest.approx([1.0, 1.0])
    assert np.sum(found.places, axis=1) == pytest.approx([1.0, 1.0])


def test_the_first_of_two_settings_in_three_by_hand() -> None:
    # Binomial(3, 2/3) settings in which the first wins: it stays first with two or three of them: 20/27.
    win, loss = np.array([[[0.0]], [[1.0]]]), np.array([[[1.0]], [[0.0]]])
    found = rank_stability([win, win, loss], 0.0, ["settings"], seed=0)
    assert found.first_stays == pytest.approx(20 / 27, abs=0.03)


def test_repetitions_are_drawn_jointly_so_that_shared_noise_cancels() -> None:
    noise = np.random.default_rng(0).normal(0, 10.0, (1, 1, 6))
    values = [np.array([0.0, 0.1])[:, None, None] + noise + 100.0]
    assert rank_stability(values, 0.0, ["repetitions"], seed=0).first_stays == 1.0


def test_training_seeds_are_drawn_for_each_generator_by_itself() -> None:
    # One seed of three is above 0, the second's by more. Each draws it k ~ Binomial(3, 1/3) times: the first stays first with the
    # smaller k or an equal one, and where both are 0 it ties. Drawn jointly they would have equal k in every resample.
    values = [np.array([[[0.0], [0.0], [3.0]], [[0.0], [0.0], [3.001]]])]
    counts = np.array([8, 12, 6, 1]) / 27
    both_zero, equal = counts[0] ** 2, (counts**2).sum()
    expected = (1 - equal) / 2 + equal - both_zero / 2
    found = rank_stability(values, 0.0, ["training seeds"], seed=0)
    assert found.first_stays == pytest.approx(expected, abs=0.03)


def test_distance_from_the_ideal_counts() -> None:
    values = [np.array([[[0.90, 0.91, 0.92]], [[1.01, 1.02, 1.03]], [[0.2, 0.3, 0.4]]])]
    assert rank_stability(values, 1.0, ["repetitions"], seed=0).places[1][0] == 1.0


def test_generators_that_tie_share_their_places() -> None:
    values = [np.zeros((2, 1, 3))]
    found = rank_stability(values, 0.0, ["repetitions"], seed=0)
    assert found.places == ((0.5, 0.5), (0.5, 0.5))
    assert found.first_stays == 0.5


def test_a_setting_with_few_units_keeps_them_beside_one_with_more() -> None:
    # Of the first setting's two training seeds one alone would turn the ranks.
    few, many = np.array([[[0.0], [1.0]], [[0.6], [0.6]]]), np.array([[[0.0]] * 3, [[0.0]] * 3])
    found = rank_stability([few, many], 0.0, ["training seeds"], seed=0)
    assert (found.drawn, found.first_stays) == (("training seeds",), 1.0)


def test_levels_with_few_units_are_kept_and_named() -> None:
    values = [np.random.default_rng(1).random((3, 1, 5))] * 2
    found = rank_stability(values, 0.0, LEVELS, seed=0)
    assert found.drawn == ("repetitions",)
    assert found.reason == "too few to draw again (fewer than 3): 1 training seed, 2 settings"
    refused = rank_stability(values, 0.0, ["settings"], seed=0)
    assert (refused.first_stays, refused.places) == (None, None)
    assert "2 settings" in refused.reason
