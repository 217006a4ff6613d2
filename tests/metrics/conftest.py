"""What these tests share: windows like Sines whose features belong together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

# Rich, which scikit-learn's ensembles import, draws once from the global random state, and tests watch over that.
import sklearn.ensemble  # noqa: F401
import torch

from metrics.base import Blocks

SCORES = (
    "c2st", "c2st_auc", "memorisation", "authenticity", "duplicates", "data_copying", "membership_attack", "context_kid",
    "context_fid_infinity", "spectral", "autocorrelation", "cross_correlation", "correlational", "marginal_wasserstein",
    "sliced_wasserstein", "alpha_precision", "beta_recall", "density", "coverage", "tstr", "tstr_horizons", "augmentation_gain",
)  # fmt: skip
"""The scores beyond the published three."""


def sine_windows(n: int, seed: int, steps: int = 24, features: int = 4) -> np.ndarray:
    """Windows (n, steps, features): one frequency, phase and amplitude a window, the features a fixed phase apart."""
    rng = np.random.default_rng(seed)
    frequency, phase = rng.uniform(0.02, 0.2, (n, 1, 1)), rng.uniform(0, 0.5, (n, 1, 1))
    amplitude, apart = rng.uniform(0.6, 1, (n, 1, 1)), 0.4 * np.arange(features)
    waves = amplitude * np.sin(frequency * np.arange(steps)[None, :, None] + phase + apart)
    return ((waves + 1) / 2).astype(np.float32)


def independent(real: int, training: int, validation: int = 12) -> Blocks:
    """The blocks of so many independent windows of each role: a number each."""
    numbers = np.arange(training + validation + real)
    return Blocks(numbers[training + validation :], numbers[:training], numbers[training : training + validation])


@pytest.fixture(scope="session")
def waves() -> Callable[..., np.ndarray]:
    return sine_windows


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
