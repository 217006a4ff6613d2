"""Scaling features to [0, 1], and cutting rows into windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.interface import Windows

Bounds = tuple[NDArray[np.float64], NDArray[np.float64]]


def bounds(parts: Sequence[NDArray[np.floating]]) -> Bounds:
    """The least and the greatest value of each feature (D,), over all axes but the last of all arrays."""
    low = np.min([part.min(axis=tuple(range(part.ndim - 1))) for part in parts], axis=0)
    high = np.max([part.max(axis=tuple(range(part.ndim - 1))) for part in parts], axis=0)
    return low.astype(np.float64), high.astype(np.float64)


def unit_bounds(features: int) -> Bounds:
    """The bounds that leave values as they are."""
    return np.zeros(features), np.ones(features)


def scale(values: NDArray[np.floating], limits: Bounds, *, clip: bool = False) -> NDArray[np.float32]:
    """(x − low) / (high − low) by feature, in float64 and then float32; a feature constant in the bounds becomes 0.

    Values outside the bounds leave [0, 1] unless `clip` is set.
    """
    low, high = limits
    scaled = np.zeros(values.shape, dtype=np.float32)
    for feature in range(values.shape[-1]):
        span = high[feature] - low[feature]
        if span > 0:
            column = (values[..., feature].astype(np.float64) - low[feature]) / span
            scaled[..., feature] = np.clip(column, 0, 1) if clip else column
    return scaled


def cut(rows: NDArray[Any], length: int, stride: int) -> NDArray[Any]:
    """Windows (N, T=length, D) of rows (T, D) that start every `stride` rows, in time order: a view, not a copy."""
    views = np.lib.stride_tricks.sliding_window_view(rows, length, axis=0)[::stride]
    return views.transpose(0, 2, 1)


def take(pieces: Sequence[Windows], chosen: NDArray[np.int64] | None) -> Windows:
    """The windows at sorted indices into the concatenated pieces (None: all), as one contiguous array."""
    if chosen is None:
        return np.ascontiguousarray(np.concatenate(pieces) if len(pieces) > 1 else pieces[0])
    ends = np.cumsum([len(piece) for piece in pieces])
    parts = []
    for piece, end in zip(pieces, ends, strict=True):
        start = end - len(piece)
        inside = chosen[(chosen >= start) & (chosen < end)]
        parts.append(piece[inside - start])
    return np.ascontiguousarray(np.concatenate(parts))
