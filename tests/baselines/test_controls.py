from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from baselines.gaussian import Gaussian
from baselines.oracle import Oracle
from baselines.photocopy import Copy
from benchmark.errors import UserError
from benchmark.interface import FitContext


def windows(n: int = 400, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    walk = rng.normal(size=(n, 6, 2)).cumsum(axis=1) * 0.02 + 0.5
    return np.clip(walk, 0, 1).astype(np.float32)


def test_gaussian_has_the_mean_and_covariance_of_its_windows() -> None:
    real = windows()
    law = Gaussian().fit(real, FitContext(seed=0))
    drawn = law.sample(40_000, seed=1).reshape(40_000, -1)
    flat = real.reshape(len(real), -1)
    assert np.abs(drawn.mean(0) - flat.mean(0)).max() < 2e-3
    assert np.abs(np.cov(drawn.T) - np.cov(flat.T)).max() < 2e-4
    assert law.num_parameters == 12 + 12 * 13 // 2


def test_gaussian_with_fewer_windows_than_numbers_in_one() -> None:
    real = windows(8)
    law = Gaussian().fit(real, FitContext(seed=0))
    flat = real.reshape(8, -1).astype(np.float64)
    assert np.allclose(law.factor_.T @ law.factor_, np.cov(flat.T))


def test_copy_gives_training_windows_only() -> None:
    real = windows()
    drawn = Copy().fit(real, FitContext(seed=0)).sample(100, seed=2)
    known = {row.tobytes() for row in real}
    assert all(row.tobytes() in known for row in drawn)


def test_oracle_gives_each_fresh_window_once() -> None:
    fresh = windows(50, seed=9)
    oracle = Oracle().fit(windows(), FitContext(seed=0, fresh=fresh))
    drawn = oracle.sample(50, seed=3)
    assert sorted(row.tobytes() for row in drawn) == sorted(row.tobytes() for row in fresh)
    with pytest.raises(UserError, match="50 fresh windows and cannot give 51"):
        oracle.sample(51, seed=3)


def test_oracle_without_fresh_windows_is_refused() -> None:
    with pytest.raises(UserError, match="needs real windows disjoint from the reference"):
        Oracle().fit(windows(), FitContext(seed=0))


@pytest.mark.parametrize("control", [Copy, Gaussian, Oracle])
def test_saved_and_loaded_controls_sample_alike(control: type, tmp_path: Path) -> None:
    fitted = control().fit(windows(), FitContext(seed=0, fresh=windows(seed=1)))
    fitted.save(tmp_path)
    again = control.load(tmp_path)
    assert again.sample(20, 5).tobytes() == fitted.sample(20, 5).tobytes()
    assert again.sample(20, 6).tobytes() != fitted.sample(20, 5).tobytes()
    assert again.num_parameters == fitted.num_parameters
