"""Channels without their ties: what a model of every channel alone would score at best."""

from __future__ import annotations

import numpy as np

from baselines.controls.stored import StoredWindows
from benchmark.interface import Windows


class Shuffle(StoredWindows):
    """Each channel of a sample is that channel of a training window of its own draw.

    What happens in time within a channel is real; channels are independent of one another. With one channel it is `Copy`.
    """

    def sample(self, n: int, seed: int) -> Windows:
        """`n` windows whose channels come from independent draws; raises UserError before `fit` or for n < 1."""
        windows = self.stored(n)
        features = np.arange(windows.shape[2])
        rows = np.random.default_rng(seed).integers(0, len(windows), size=(n, 1, len(features)))
        return windows[rows, np.arange(windows.shape[1])[:, None], features]
