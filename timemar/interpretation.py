"""Windows split into the parts that the model sees or generates (paper Figures 1 and 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from benchmark.interface import Windows
from timemar.decomposition import Components


@dataclass(frozen=True)
class SeriesParts:
    """Trend, coarse seasonal and fine seasonal part of windows, each (N, T, D) in the data's units.

    trend + fine is the window (generated ones are then clipped to [0, 1]); `coarse` is the smooth version of `fine` that
    guides its decoding, and no summand. The trend lies around the data's level, seasonal parts around 0.
    """

    trend: Windows
    coarse: Windows
    fine: Windows

    @property
    def windows(self) -> Windows:
        """The windows (N, T, D) in [0, 1] that the parts add up to."""
        return np.clip(self.trend + self.fine, 0.0, 1.0)


def split_in_batches(split: Callable[[Tensor], Components], inputs: Tensor, batch: int = 1024) -> SeriesParts:
    """The parts that `split` makes of inputs (N, ...), windows or their tokens."""
    found = [split(part) for part in inputs.split(batch)]
    trend, coarse, fine = (
        torch.cat([getattr(parts, name) for parts in found]).cpu().numpy() for name in ("trend", "coarse", "seasonal")
    )
    return SeriesParts(trend, coarse, fine)
