"""Graded corruptions of windows: inputs of known severity that measure what a metric responds to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from metrics.base import Windows

Corruption = Callable[[Windows, float, int], Windows]
"""Windows (B, T, D), a strength in 0 … 1 and a seed give corrupted windows of the same shape; strength 0 changes nothing."""


def noise(windows: Windows, strength: float, seed: int) -> Windows:
    """Add Gaussian noise with `strength` times each feature's standard deviation; clipped to [0, 1]."""
    _check(strength)
    std = windows.std(axis=(0, 1), dtype=np.float64)
    drawn = np.random.default_rng(seed).standard_normal(windows.shape)
    noisy = np.clip(windows + strength * std * drawn, 0, 1) if strength else windows
    return noisy.astype(np.float32)


def time_shuffle(windows: Windows, strength: float, seed: int) -> Windows:
    """In each window, put a random `strength` share of the steps into random order, all features together."""
    _check(strength)
    B, T, _ = windows.shape
    rng = np.random.default_rng(seed)
    moved = rng.permuted(np.tile(np.arange(T), (B, 1)), axis=1)[:, : round(strength * T)]
    order = np.tile(np.arange(T), (B, 1))
    np.put_along_axis(order, np.sort(moved, axis=1), moved, axis=1)
    return np.take_along_axis(windows, order[:, :, None], axis=1).astype(np.float32)


def channel_resample(windows: Windows, strength: float, seed: int) -> Windows:
    """In a random `strength` share of the windows, take each feature from another window, drawn for each feature anew."""
    _check(strength)
    B, _, D = windows.shape
    rng = np.random.default_rng(seed)
    changed = np.sort(rng.permutation(B)[: round(strength * B)])
    donors = rng.integers(0, B, (len(changed), D))
    out = windows.astype(np.float32)
    for feature in range(D):
        out[changed, :, feature] = windows[donors[:, feature], :, feature]
    return out


def mode_drop(windows: Windows, strength: float, seed: int) -> Windows:
    """Replace the `strength` share of windows at one end of the leading principal component by draws from the others.

    At least one window is kept.
    """
    _check(strength)
    B = len(windows)
    rows = windows.reshape(B, -1).astype(np.float64)
    centred = rows - rows.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    leading = vectors[:, -1]
    # An eigenvector's sign is arbitrary; this one does not depend on the library.
    leading = leading * np.sign(leading[np.abs(leading).argmax()])
    order = np.argsort(centred @ leading, kind="stable")
    kept = max(1, B - round(strength * B))
    out = windows.astype(np.float32)
    drawn = np.random.default_rng(seed).integers(0, kept, B - kept)
    out[order[kept:]] = windows[order[drawn]]
    return out


CORRUPTIONS: dict[str, Corruption] = {
    "noise": noise,
    "time_shuffle": time_shuffle,
    "channel_resample": channel_resample,
    "mode_drop": mode_drop,
}


def _check(strength: float) -> None:
    if not 0 <= strength <= 1:
        raise ValueError(f"the strength of a corruption is {strength}; give a number from 0 to 1.")
