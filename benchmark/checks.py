"""What every generator refuses, in one sentence each: windows it cannot learn from, and sampling too early or of nothing."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from benchmark.errors import UserError
from benchmark.interface import Generator, Windows

Depth = Annotated[int, Field(ge=1, le=1000)]
"""A number of layers. Each is built before it can be counted, so that a slip of the finger would take hours to refuse."""


def check_windows(windows: Windows, generator: Generator) -> tuple[int, int, int]:
    """N, T and D of windows that `generator` can be fitted to: finite float32 (N, T, D) in [0, 1]; raises UserError."""
    name = type(generator).__name__
    if not isinstance(windows, np.ndarray) or windows.ndim != 3 or windows.dtype != np.float32 or 0 in windows.shape:
        shape, kind = getattr(windows, "shape", "unknown"), getattr(windows, "dtype", type(windows).__name__)
        raise UserError(
            f"{name} was given windows of shape {shape} and type {kind}; pass float32 (N, T, D), none empty."
        )
    count, length, features = windows.shape
    if features < generator.min_features:
        raise UserError(
            f"{name} was given windows of D = {features}; it needs at least {generator.min_features} features."
        )
    low, high = float(windows.min()), float(windows.max())
    if not (low >= 0.0 and high <= 1.0):  # false for NaN too
        raise UserError(
            f"{name} was given windows with values from {low:g} to {high:g}; scale every feature to [0, 1]."
        )
    return count, length, features


def check_sampling(generator: Generator, fitted: str, n: int) -> None:
    """Raise UserError where the attribute `fitted` says that `generator` is not fitted, or where `n` is below 1."""
    name = type(generator).__name__
    if not hasattr(generator, fitted):
        raise UserError(f"{name} was asked to sample before it was fitted; call fit or load first.")
    if n < 1:
        raise UserError(f"{name} was asked for n = {n} windows; ask for at least 1.")
