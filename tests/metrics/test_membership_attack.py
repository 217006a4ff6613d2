"""The membership attack: mirrored members, distances by hand, copies and what their overlapping neighbours give away."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from metrics import membership_attack
from metrics.base import Blocks, NotApplicable, ScoreContext
from metrics.membership_attack import MembershipAttack, half_distances, mirrored
from tests.metrics.conftest import independent, sine_windows


def test_members_mirror_the_test_windows_about_the_validation_windows():
    """Training 0, validation 1, test 2, training 3, test 4, validation 5, training 6: the last three of 0 and the first of 6."""
    blocks = Blocks(np.repeat([2, 4], 3), np.repeat([0, 3, 6], [5, 8, 5]), np.repeat([1, 5], 3))
    assert mirrored(blocks, 6).tolist() == [2, 3, 4, 13, 14, 15]
    assert mirrored(blocks, 99).tolist() == list(range(18))


def test_independent_windows_are_all_members():
    assert mirrored(independent(7, 7), 7).tolist() == list(range(7))


@pytest.mark.parametrize("steps", [2, 5, 24])
def test_the_distance_to_halves_is_the_least_over_all_stretches(steps):
    windows, fake = sine_windows(5, 0, steps, 2), sine_windows(9, 1, steps, 2)
    middle, found = steps // 2, []
    for window in windows.astype(np.float64):
        total = 0.0
        for half in (window[:middle], window[middle:]):
            total += min(
                np.square(half - one[start : start + len(half)]).sum()
                for one in fake
                for start in range(steps - len(half) + 1)
            )
        found.append(np.sqrt(total))
    np.testing.assert_allclose(half_distances(windows, fake), found, rtol=1e-6)


def attack(real: np.ndarray, fake: np.ndarray, training: np.ndarray, seeds=(0,)):
    context = ScoreContext(seeds=seeds, training=training, blocks=independent(len(real), len(training)))
    return MembershipAttack().compute(real, fake, context)


def test_copies_of_either_side_are_found_out_and_fresh_windows_tell_nothing():
    training, real = sine_windows(150, 0), sine_windows(150, 1)
    assert attack(real, training, training).values == (1.0,)
    assert attack(real, training, training).details["p_value"][0] < 1e-12
    assert attack(real, real, training).values == (0.0,)
    fresh = attack(real, sine_windows(150, 2), training)
    assert fresh.details["low"][0] < 0.5 < fresh.details["high"][0]
    assert fresh.details["whole_low"][0] < 0.5 < fresh.details["whole_high"][0]


def test_the_area_of_a_partial_copy_of_independent_windows():
    """A copied share c of the members is always found, the others by chance: c + (1 − c) / 2."""
    training, real = sine_windows(600, 0), sine_windows(600, 1)
    score = attack(real, training[:240], training)
    assert score.values[0] == pytest.approx(0.4 + 0.6 / 2, abs=0.05)


def test_a_copy_gives_the_windows_away_that_overlap_it():
    """Every eighth window of a random walk is copied: whole windows miss the seven between, halves do not."""
    walk = np.random.default_rng(0).standard_normal((1200, 1)).cumsum(axis=0).astype(np.float32)
    windows = np.moveaxis(sliding_window_view(walk, 24, axis=0), 2, 1)
    training, real = windows[:577], windows[600:]
    blocks = Blocks(100 + np.arange(len(real)) // 50, np.arange(577) // 50, np.array([50]))
    score = MembershipAttack().compute(real, training[::8], ScoreContext(training=training, blocks=blocks))
    assert score.values[0] > 0.99
    assert score.details["whole"][0] < score.values[0]


def test_many_windows_are_drawn_by_seed(monkeypatch):
    training, real, fake = sine_windows(120, 0), sine_windows(120, 1), sine_windows(60, 2)
    assert len(attack(real, fake, training, (0, 1)).values) == 1
    monkeypatch.setattr(membership_attack, "MOST_WINDOWS", 80)
    score = attack(real, fake, training, (0, 1))
    assert score.details["members"] == score.details["others"] == [80, 80]
    assert score.values[0] != score.values[1]


def test_members_of_one_block_have_no_spread():
    windows = sine_windows(12, 0)
    blocks = Blocks(np.repeat([1, 5], 3), np.repeat([0, 3, 6], [1, 10, 1]), np.array([2, 2, 4, 4]))
    with pytest.raises(NotApplicable, match="one block holds all matched training windows"):
        MembershipAttack().compute(windows[:6], windows, ScoreContext(training=windows, blocks=blocks))


def test_without_blocks_it_is_not_defined():
    with pytest.raises(NotApplicable, match="membership_attack needs test windows that no generator saw"):
        MembershipAttack().compute(sine_windows(9, 0), sine_windows(9, 1), ScoreContext(training=sine_windows(9, 2)))


def test_equal_windows_of_a_block_count_once():
    """Every window stands six times in its block: the intervals are √6 times as wide as those of independent windows."""
    training, real = (np.repeat(sine_windows(20, seed), 6, axis=0) for seed in (0, 1))
    fake = sine_windows(60, 2)
    numbers = np.arange(120) // 6
    context = ScoreContext(training=training, blocks=Blocks(100 + numbers, numbers, np.array([50])))
    alone, together = attack(real, fake, training).details, MembershipAttack().compute(real, fake, context).details
    for low, high in (("low", "high"), ("whole_low", "whole_high")):
        widths = [found[high][0] - found[low][0] for found in (alone, together)]
        assert widths[1] == pytest.approx(np.sqrt(6) * widths[0], rel=0.15)
