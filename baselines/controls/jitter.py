"""Copies with a little noise: no training window is repeated to the digit, and yet nothing new is said."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from baselines.controls.stored import StoredWindows
from benchmark.interface import Windows


class Jitter(StoredWindows):
    """Training windows drawn with replacement plus independent normal noise on every number, clipped to [0, 1].

    `noise` is its standard deviation in units of a feature's range, before the clip.
    """

    def __init__(self, noise: Annotated[float, Field(gt=0, le=1)] = 0.01) -> None:
        self.noise = noise

    def sample(self, n: int, seed: int) -> Windows:
        """`n` noisy training windows; raises UserError before `fit` or for n < 1."""
        windows, rng = self.stored(n), np.random.default_rng(seed)
        copies = windows[rng.integers(0, len(windows), size=n)]
        noise = rng.standard_normal(copies.shape, dtype=np.float32) * np.float32(self.noise)
        return np.clip(copies + noise, 0.0, 1.0)
