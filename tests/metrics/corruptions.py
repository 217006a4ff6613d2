"""Graded corruptions of windows: inputs of known severity that measure what a metric responds to."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from metrics.base import Windows


class Corruption(Protocol):
    """A corruption whose severity is a number."""

    def __call__(self, windows: Windows, strength: float, seed: int, training: Windows | None = None) -> Windows:
        """Windows (B, T, D) corrupted with a `strength` in 0 … 1, of the same shape; strength 0 changes nothing.

        `training` (N, T, D) are what a generator would have been fitted to, for corruptions that copy from them.

        Raises:
            ValueError: The strength is outside 0 … 1, or training windows are needed and missing.
        """


def noise(windows: Windows, strength: float, seed: int, training: Windows | None = None) -> Windows:
    """Add Gaussian noise with `strength` times each feature's standard deviation; clipped to [0, 1]."""
    del training
    _check(strength)
    std = windows.std(axis=(0, 1), dtype=np.float64)
    drawn = np.random.default_rng(seed).standard_normal(windows.shape)
    noisy = np.clip(windows + strength * std * drawn, 0, 1) if strength else windows
    return noisy.astype(np.float32)


def time_shuffle(windows: Windows, strength: float, seed: int, training: Windows | None = None) -> Windows:
    """In each window, put a random `strength` share of the steps into random order, all features together."""
    del training
    _check(strength)
    B, T, _ = windows.shape
    rng = np.random.default_rng(seed)
    moved = rng.permuted(np.tile(np.arange(T), (B, 1)), axis=1)[:, : round(strength * T)]
    order = np.tile(np.arange(T), (B, 1))
    np.put_along_axis(order, np.sort(moved, axis=1), moved, axis=1)
    return np.take_along_axis(windows, order[:, :, None], axis=1).astype(np.float32)


def channel_resample(windows: Windows, strength: float, seed: int, training: Windows | None = None) -> Windows:
    """In a random `strength` share of the windows, take each feature from another window, drawn for each feature anew."""
    del training
    _check(strength)
    B, _, D = windows.shape
    rng = np.random.default_rng(seed)
    changed = np.sort(rng.permutation(B)[: round(strength * B)])
    donors = rng.integers(0, B, (len(changed), D))
    out = windows.astype(np.float32)
    for feature in range(D):
        out[changed, :, feature] = windows[donors[:, feature], :, feature]
    return out


def mode_drop(windows: Windows, strength: float, seed: int, training: Windows | None = None) -> Windows:
    """Replace the `strength` share of windows at one end of the leading principal component by draws from the others.

    At least one window is kept.
    """
    del training
    _check(strength)
    rows = windows.reshape(len(windows), -1).astype(np.float64)
    centred = rows - rows.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    leading = vectors[:, -1]
    # An eigenvector's sign is arbitrary; this one does not depend on the library.
    leading = leading * np.sign(leading[np.abs(leading).argmax()])
    return _drop_last(windows, centred @ leading, strength, seed)


def segment_leak(windows: Windows, strength: float, seed: int, training: Windows | None = None) -> Windows:
    """In a random `strength` share of the windows, take half of the steps from a training window drawn for each.

    The steps follow each other, begin anywhere, and keep their places, all features together.
    """
    _check(strength)
    if training is None:
        raise ValueError("segment_leak copies from the training windows; give them as 'training'.")
    B, T, _ = windows.shape
    rng = np.random.default_rng(seed)
    changed = np.sort(rng.permutation(B)[: round(strength * B)])
    donors = rng.integers(0, len(training), len(changed))
    length = (T + 1) // 2
    first = rng.integers(0, T - length + 1, (len(changed), 1))
    inside = (np.arange(T) >= first) & (np.arange(T) < first + length)
    out = windows.astype(np.float32)
    out[changed] = np.where(inside[:, :, None], training[donors], out[changed])
    return out


def rare_event_drop(windows: Windows, strength: float, seed: int, training: Windows | None = None) -> Windows:
    """Replace the `strength` share of windows that hold the most extreme values by draws from the others.

    A window is as extreme as its largest |value| or |first difference|, each feature in standard deviations from its mean over
    all windows. At least one window is kept.
    """
    del training
    _check(strength)
    exact = windows.astype(np.float64)
    kinds = [exact, np.diff(exact, axis=1)] if windows.shape[1] > 1 else [exact]
    extremes = [np.abs(_standardized(values)).max(axis=(1, 2)) for values in kinds]
    return _drop_last(windows, np.max(extremes, axis=0), strength, seed)


def moving_average(windows: Windows, strength: float, seed: int, training: Windows | None = None) -> Windows:
    """Smooth each feature by a centred moving average of 1 + `strength` · (T − 1) steps, rounded; fewer at the ends."""
    del seed, training
    _check(strength)
    T = windows.shape[1]
    width = 1 + round(strength * (T - 1))
    ahead = np.arange(T)[None, :] - np.arange(T)[:, None]
    inside = (ahead >= -((width - 1) // 2)) & (ahead <= width // 2)
    weights = inside / inside.sum(axis=1, keepdims=True)
    smoothed: Windows = np.einsum("st,btd->bsd", weights, windows.astype(np.float64)).astype(np.float32)
    return smoothed


CORRUPTIONS: dict[str, Corruption] = {
    "noise": noise,
    "time_shuffle": time_shuffle,
    "channel_resample": channel_resample,
    "mode_drop": mode_drop,
    "segment_leak": segment_leak,
    "rare_event_drop": rare_event_drop,
    "moving_average": moving_average,
}


def _check(strength: float) -> None:
    if not 0 <= strength <= 1:
        raise ValueError(f"the strength of a corruption is {strength}; give a number from 0 to 1.")


def _drop_last(windows: Windows, places: NDArray[np.float64], strength: float, seed: int) -> Windows:
    """The `strength` share of windows (B, T, D) with the greatest `places` (B,) replaced by draws from the others."""
    B = len(windows)
    order = np.argsort(places, kind="stable")
    kept = max(1, B - round(strength * B))
    out = windows.astype(np.float32)
    drawn = np.random.default_rng(seed).integers(0, kept, B - kept)
    out[order[kept:]] = windows[order[drawn]]
    return out


def _standardized(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values (B, T, D) less each feature's mean, in its standard deviations; a constant feature is 0."""
    centred = values - values.mean(axis=(0, 1))
    std = centred.std(axis=(0, 1))
    standardized: NDArray[np.float64] = np.divide(centred, std, out=np.zeros_like(centred), where=std > 1e-12)
    return standardized
