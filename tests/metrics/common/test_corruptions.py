"""The corruptions do what they say, and nothing at strength 0."""

from __future__ import annotations

import numpy as np
import pytest

from metrics.common.corruptions import CORRUPTIONS, channel_resample, mode_drop, noise, time_shuffle

WINDOWS = np.random.default_rng(0).random((80, 10, 3), np.float32)


@pytest.mark.parametrize("corrupt", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_the_contract(corrupt):
    before = WINDOWS.copy()
    assert (corrupt(WINDOWS, 0, 1) == WINDOWS).all()
    for strength in (0.3, 0.9):
        corrupted = corrupt(WINDOWS, strength, 1)
        assert corrupted.shape == WINDOWS.shape
        assert corrupted.dtype == np.float32
        assert corrupted.min() >= 0
        assert corrupted.max() <= 1
        assert corrupted.tobytes() == corrupt(WINDOWS, strength, 1).tobytes() != corrupt(WINDOWS, strength, 2).tobytes()
    assert (before == WINDOWS).all()
    for strength in (-0.1, 1.1):
        with pytest.raises(ValueError, match="give a number from 0 to 1"):
            corrupt(WINDOWS, strength, 0)


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
