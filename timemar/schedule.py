"""The learning rate of a stage, step by step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from benchmark.training import warmup_cosine, warmup_halving

Decay = Literal["cosine", "halving"]

_HALVINGS = 10


@dataclass(frozen=True)
class Schedule:
    """`steps` steps at learning rates up to `peak`: a cosine to 0, or ten equal parts, each at half the rate of the last.

    Halving is Table 7 of the paper: every 500 of 5,000 and every 90 of 900 epochs. The learning rate grows linearly over the
    first `warmup` share of the steps.
    """

    steps: int
    peak: float
    decay: Decay
    warmup: float

    def learning_rate(self, step: int) -> float:
        """The learning rate of step number `step`, from 0."""
        warmup = int(self.steps * self.warmup)
        if self.decay == "cosine":
            return warmup_cosine(step, self.steps, self.peak, warmup=warmup)
        return warmup_halving(step, self.peak, every=math.ceil(self.steps / _HALVINGS), warmup=warmup)
