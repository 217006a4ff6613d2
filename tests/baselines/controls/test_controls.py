from __future__ import annotations

import numpy as np
import pytest

from baselines.controls.block_bootstrap import BlockBootstrap, block_length
from baselines.controls.copy import Copy
from baselines.controls.gaussian import Gaussian
from baselines.controls.jitter import Jitter
from baselines.controls.oracle import Oracle
from baselines.controls.shuffle import Shuffle
from baselines.controls.var import VAR
from benchmark.errors import UserError
from benchmark.interface import FitContext


def windows(n: int = 400, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    walk = rng.normal(size=(n, 6, 2)).cumsum(axis=1) * 0.02 + 0.5
    return np.clip(walk, 0, 1).astype(np.float32)


def test_gaussian_has_the_mean_and_covariance_of_its_windows() -> None:
    real = windows()
    gaussian = Gaussian().fit(real, FitContext(seed=0))
    drawn = gaussian.sample(40_000, seed=1).reshape(40_000, -1)
    flat = real.reshape(len(real), -1)
    assert np.abs(drawn.mean(0) - flat.mean(0)).max() < 2e-3
    assert np.abs(np.cov(drawn.T) - np.cov(flat.T)).max() < 2e-4
    assert gaussian.num_parameters == 12 + 12 * 13 // 2


def test_gaussian_with_fewer_windows_than_values_in_one() -> None:
    real = windows(8)
    gaussian = Gaussian().fit(real, FitContext(seed=0))
    flat = real.reshape(8, -1).astype(np.float64)
    assert np.allclose(gaussian.factor_.T @ gaussian.factor_, np.cov(flat.T))


def test_copy_gives_training_windows_only() -> None:
    real = windows()
    drawn = Copy().fit(real, FitContext(seed=0)).sample(100, seed=2)
    known = {row.tobytes() for row in real}
    assert all(row.tobytes() in known for row in drawn)


def test_oracle_gives_each_disjoint_window_once_and_in_order() -> None:
    real_disjoint = windows(50, seed=9)
    oracle = Oracle().fit(windows(), FitContext(seed=0, real_disjoint=real_disjoint))
    drawn = oracle.sample(50, seed=3)
    assert (drawn == real_disjoint).all()
    rows = [row.tobytes() for row in real_disjoint]
    places = [rows.index(row.tobytes()) for row in oracle.sample(20, seed=3)]
    assert places == sorted(set(places)) != list(range(20))
    with pytest.raises(UserError, match="50 disjoint real windows and cannot give 51"):
        oracle.sample(51, seed=3)


def test_oracle_without_disjoint_windows_is_refused() -> None:
    with pytest.raises(UserError, match="needs real windows disjoint from the test windows"):
        Oracle().fit(windows(), FitContext(seed=0))


def test_jitter_adds_gaussian_noise_of_the_given_size_to_training_windows() -> None:
    real = np.full((1, 50, 2), 0.5, dtype=np.float32)
    drawn = Jitter(noise=0.02).fit(real, FitContext(seed=0)).sample(400, seed=1)
    assert np.std(drawn - 0.5) == pytest.approx(0.02, rel=0.02)
    edge = Jitter(noise=0.02).fit(real * 2, FitContext(seed=0)).sample(400, seed=1)
    assert edge.max() == 1.0
    assert np.mean(edge == 1.0) == pytest.approx(0.5, abs=0.02)  # the clip takes the upper half of the noise


def test_every_piece_of_a_block_bootstrap_is_a_stretch_of_a_training_window() -> None:
    real = windows(30)
    drawn = BlockBootstrap(block=4).fit(real, FitContext(seed=0)).sample(200, seed=2)
    stretches = {row[start : start + 4].tobytes() for row in real for start in range(3)}
    assert all(row[:4].tobytes() in stretches for row in drawn)
    ends = {stretch[:16] for stretch in stretches}  # the second block is cut to two steps of two features
    assert all(row[4:].tobytes() in ends for row in drawn)
    assert {row[:4].tobytes() for row in drawn} & {row[2:6].tobytes() for row in real}  # not only from the beginning


def test_the_block_is_the_cube_root_of_the_length_unless_said() -> None:
    assert [block_length(length) for length in (1, 8, 24, 64, 128, 256)] == [1, 2, 3, 4, 6, 7]
    whole = BlockBootstrap(block=6).fit(windows(), FitContext(seed=0)).sample(50, seed=0)
    assert {row.tobytes() for row in whole} <= {row.tobytes() for row in windows()}
    with pytest.raises(UserError, match="block 7 is longer than the window's T = 6"):
        BlockBootstrap(block=7).fit(windows(), FitContext(seed=0))


def test_shuffle_keeps_each_channel_and_unties_them() -> None:
    base = windows(400)[:, :, :1]
    real = np.concatenate([base, 1 - base], axis=2)
    drawn = Shuffle().fit(real, FitContext(seed=0)).sample(2000, seed=4)
    for d in range(2):
        known = {row.tobytes() for row in np.ascontiguousarray(real[:, :, d])}
        assert all(row.tobytes() in known for row in np.ascontiguousarray(drawn[:, :, d]))
    assert np.corrcoef(real[:, 3].T)[0, 1] == pytest.approx(-1)
    assert abs(np.corrcoef(drawn[:, 3].T)[0, 1]) < 0.08  # 3.6 standard errors


CONTROLS = [BlockBootstrap, Copy, Gaussian, Jitter, Oracle, Shuffle, VAR]


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 2, 3), (2, 7, 1), (3, 24, 5)])
@pytest.mark.parametrize("constant", [False, True])
def test_controls_work_on_the_smallest_and_the_flattest_windows(
    control: type, shape: tuple[int, ...], constant: bool
) -> None:
    values = np.full(shape, 0.25) if constant else np.random.default_rng(0).uniform(size=shape)
    real = values.astype(np.float32)
    drawn = control().fit(real, FitContext(seed=0, real_disjoint=np.repeat(real, 4, axis=0))).sample(4, seed=1)
    assert drawn.shape == (4, *shape[1:])
    assert drawn.dtype == np.float32
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    if constant:
        assert np.allclose(drawn, 0.25, atol=0.05 if control is Jitter else 1e-4)
