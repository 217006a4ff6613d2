"""How long a stage trains and at which rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from benchmark.errors import UserError
from benchmark.training import warmup_cosine, warmup_halving

Decay = Literal["cosine", "halving"]

_HALVINGS = 10


@dataclass(frozen=True)
class Schedule:
    """`steps` steps at rates up to `peak`: a cosine to 0, or ten equal parts, each at half the rate of the one before.

    The second is Table 7 of the paper: every 500 of 5,000 and every 90 of 900 epochs. The rate rises linearly over the first
    `warmup` share of the steps.
    """

    steps: int
    peak: float
    decay: Decay
    warmup: float

    def rate(self, step: int) -> float:
        """The learning rate of step number `step`, from 0."""
        rise = int(self.steps * self.warmup)
        if self.decay == "cosine":
            return warmup_cosine(step, self.steps, self.peak, warmup=rise)
        return warmup_halving(step, self.peak, every=math.ceil(self.steps / _HALVINGS), warmup=rise)


def steps_of(stage: str, steps: int | None, epochs: int | None, *, windows: int, batch: int) -> int:
    """The number of steps from whichever of steps and epochs is given; raises UserError for both or neither."""
    if steps is not None and epochs is None:
        return steps
    if epochs is not None and steps is None:
        return epochs * math.ceil(windows / batch)
    given = "neither" if steps is None else "both"
    raise UserError(
        f"TimeMAR was given {given} of {stage}_steps and {stage}_epochs; set exactly one and the other to null."
    )
