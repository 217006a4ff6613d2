"""Training a classifier of real against generated windows on some of them and testing it on the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.base import Score


def split_point(n: int) -> int:
    """How many of `n` windows train, int(0.8 n); the others test."""
    return 4 * n // 5


@dataclass(frozen=True)
class Split:
    """One repetition's windows, as numbers into real and generated windows put together, the real ones first."""

    real: NDArray[np.int64]
    """the real windows that train"""
    fake: NDArray[np.int64]
    """the generated windows that train"""
    tests: NDArray[np.int64]
    """those that test, as many real ones as generated ones after them"""


def draw_split(rng: np.random.Generator, real: int, fake: int) -> Split:
    """A split of `real` real and `fake` generated windows, permuted separately; the larger set is trimmed to the smaller."""
    n = min(real, fake)
    cut = split_point(n)
    reals, fakes = rng.permutation(real)[:n], real + rng.permutation(fake)[:n]
    return Split(reals[:cut], fakes[:cut], np.concatenate([reals[cut:], fakes[cut:]]))


def discriminative_score(predicted_real: NDArray[np.bool_], details: dict[str, Any]) -> Score:
    """|accuracy − ½| of R classifiers from their predictions for `Split.tests`, (R, M); `details` are extended."""
    half = predicted_real.shape[1] // 2
    real_accuracy = predicted_real[:, :half].mean(axis=1)
    fake_accuracy = 1 - predicted_real[:, half:].mean(axis=1)
    signed = (real_accuracy + fake_accuracy) / 2 - 0.5
    accuracies = {"real_accuracy": real_accuracy, "fake_accuracy": fake_accuracy, "signed": signed}
    return Score(tuple(abs(signed).tolist()), {**details, **{key: value.tolist() for key, value in accuracies.items()}})
