"""The corruptions do what they say, and nothing at strength 0."""

from __future__ import annotations

import numpy as np
import pytest

from tests.metrics.corruptions import (
    CORRUPTIONS,
    channel_resample,
    mode_drop,
    moving_average,
    noise,
    rare_event_drop,
    segment_leak,
    time_shuffle,
)

WINDOWS, TRAINING = np.random.default_rng(0).random((2, 80, 10, 3), np.float32)


@pytest.mark.parametrize("corrupt", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_the_contract(corrupt):
    before = WINDOWS.copy()
    assert (corrupt(WINDOWS, 0, 1, TRAINING) == WINDOWS).all()
    for strength in (0.3, 0.9):
        corrupted = corrupt(WINDOWS, strength, 1, TRAINING)
        assert corrupted.shape == WINDOWS.shape
        assert corrupted.dtype == np.float32
        assert corrupted.min() >= 0
        assert corrupted.max() <= 1
        assert corrupted.tobytes() == corrupt(WINDOWS, strength, 1, TRAINING).tobytes() != before.tobytes()
    assert (before == WINDOWS).all()
    for strength in (-0.1, 1.1):
        with pytest.raises(ValueError, match="give a number from 0 to 1"):
            corrupt(WINDOWS, strength, 0, TRAINING)


@pytest.mark.parametrize("corrupt", [corrupt for name, corrupt in CORRUPTIONS.items() if name != "moving_average"])
def test_what_is_drawn_depends_on_the_seed(corrupt):
    assert (corrupt(WINDOWS, 0.3, 1, TRAINING) != corrupt(WINDOWS, 0.3, 2, TRAINING)).any()


def test_noise_has_the_deviation_it_is_told():
    narrow = 0.45 + WINDOWS / 10
    added = noise(narrow, 0.5, 0) - narrow
    np.testing.assert_allclose(added.std(axis=(0, 1)), 0.5 * narrow.std(axis=(0, 1)), rtol=0.06)


def test_a_shuffle_moves_whole_steps_within_their_window():
    shuffled = time_shuffle(WINDOWS, 0.4, 0)
    assert (np.sort(shuffled, axis=1) == np.sort(WINDOWS, axis=1)).all()
    moved = (shuffled != WINDOWS).any(axis=2).sum(axis=1)
    assert moved.max() <= 4
    assert moved.mean() == pytest.approx(3, abs=0.5)
    steps = {row.tobytes() for row in WINDOWS.reshape(-1, 3)}
    assert all(row.tobytes() in steps for row in shuffled.reshape(-1, 3))


def test_resampling_keeps_each_features_windows_and_changes_the_share_it_is_told():
    resampled = channel_resample(WINDOWS, 0.5, 0)
    assert (resampled != WINDOWS).any(axis=(1, 2)).sum() in range(37, 41)
    for feature in range(3):
        known = {row.tobytes() for row in WINDOWS[:, :, feature]}
        assert all(row.tobytes() in known for row in resampled[:, :, feature])


def test_dropping_takes_one_end_of_the_main_direction_away():
    spread = np.full((50, 4, 2), 0.5, np.float32) * np.linspace(0, 1, 50, dtype=np.float32)[:, None, None]
    dropped = mode_drop(spread, 0.6, 0)
    assert dropped.max() == spread[19].max()
    assert len(np.unique(dropped.reshape(50, -1), axis=0)) == 20
    assert len(np.unique(mode_drop(spread, 1, 0).reshape(50, -1), axis=0)) == 1


def test_a_leak_copies_half_a_training_window_in_place_into_the_share_it_is_told():
    leaked = segment_leak(WINDOWS, 0.25, 0, TRAINING)
    taken = (leaked != WINDOWS).all(axis=2)
    assert sorted(set(taken.sum(axis=1).tolist())) == [0, 5]
    assert (taken.sum(axis=1) == 5).sum() == 20
    firsts = set()
    for window, inside in zip(leaked[taken.any(axis=1)], taken[taken.any(axis=1)], strict=True):
        assert (window[inside] == TRAINING[:, inside]).all(axis=(1, 2)).sum() == 1
        assert (np.diff(np.nonzero(inside)[0]) == 1).all()
        firsts.add(int(inside.argmax()))
    assert len(firsts) > 3
    with pytest.raises(ValueError, match="segment_leak copies from the training windows; give them as 'training'"):
        segment_leak(WINDOWS, 0.25, 0)


def test_rare_events_are_the_largest_values_and_the_largest_steps():
    calm = 0.5 + 0.01 * np.random.default_rng(0).standard_normal((50, 8, 2)).astype(np.float32)
    calm[7, 3:, 1] = 0.9  # a level, and the step to it
    calm[20, ::2, 0] = 0.56  # steps within the range of others' values
    dropped = rare_event_drop(calm, 0.04, 0)
    changed = (dropped != calm).any(axis=(1, 2))
    assert np.nonzero(changed)[0].tolist() == [7, 20]
    others = {window.tobytes() for window in calm[~changed]}
    assert all(window.tobytes() in others for window in dropped)


def test_a_moving_average_widens_to_the_whole_window():
    line = np.linspace(0, 1, 9, dtype=np.float32)[None, :, None].repeat(2, axis=2)
    np.testing.assert_allclose(
        moving_average(line, 0.25, 0)[0, :, 0], [1 / 16, *np.arange(1, 8) / 8, 15 / 16], rtol=1e-6
    )
    np.testing.assert_allclose(
        moving_average(WINDOWS, 1 / 9, 0)[:, :-1], (WINDOWS[:, :-1] + WINDOWS[:, 1:]) / 2, rtol=1e-5
    )
    spread = [moving_average(WINDOWS, strength, 0).std(axis=1).mean() for strength in (0, 0.2, 0.4, 0.6, 0.8, 1)]
    assert (np.diff(spread) < 0).all()
