"""The photocopier: training windows drawn with replacement. It shows which scores a memorising model would win."""

from __future__ import annotations

from typing import Self

import numpy as np

from baselines.stored import StoredWindows
from benchmark.interface import FitContext, Windows


class Copy(StoredWindows):
    """Training windows, each sample an independent uniform draw."""

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Keep the training windows (N, T, D)."""
        del context
        self.windows_ = np.ascontiguousarray(windows, dtype=np.float32)
        return self

    def sample(self, n: int, seed: int) -> Windows:
        """`n` training windows drawn with replacement."""
        rows = np.random.default_rng(seed).integers(0, len(self.windows_), size=n)
        return self.windows_[rows]
