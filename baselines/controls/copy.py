"""Training windows drawn with replacement: the scores that a memorising model would win."""

from __future__ import annotations

import numpy as np

from baselines.controls.stored import StoredWindows
from benchmark.interface import Windows


class Copy(StoredWindows):
    """Training windows, each sample an independent uniform draw."""

    def sample(self, n: int, seed: int) -> Windows:
        """`n` training windows drawn with replacement; raises UserError before `fit` or for n < 1."""
        windows = self.stored(n)
        return windows[np.random.default_rng(seed).integers(0, len(windows), size=n)]
