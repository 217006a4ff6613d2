"""Running averages of a model's parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn


def inverse_decay(step: int, *, largest: float) -> float:
    """D = (1 + s) / (10 + s) at step s, from 0, up to `largest`: the average follows the first steps at once."""
    return min(largest, (1 + step) / (10 + step))


def power_decay(step: int, *, start: int, every: int, largest: float) -> float:
    """D = 1 − (1 + e)^(−2/3) at e steps after `start`, up to `largest` (ema-pytorch 0.2.1, power 2/3).

    D = 0 up to `start` and at the first step after it of an average updated at every `every`-th step: the library copies there.
    """
    return 0.0 if step <= start + every else min(largest, 1 - (1 + step - start) ** (-2 / 3))


class WeightAverage:
    """w̄ ← d w̄ + (1 − d) w after every `every`-th step s, with d = `decay`(s)."""

    def __init__(self, model: nn.Module, decay: Callable[[int], float], *, every: int = 1) -> None:
        self.decay, self.every = decay, every
        self.live = dict(model.named_parameters())
        self.mean = {name: value.detach().clone() for name, value in self.live.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the parameters after optimizer step number `step`, from 0."""
        if step % self.every == 0:
            torch._foreach_lerp_(list(self.mean.values()), list(self.live.values()), 1 - self.decay(step))

    @torch.no_grad()
    def apply(self) -> None:
        """Replace the live parameters by the average."""
        for name, value in self.mean.items():
            self.live[name].copy_(value)

    def state(self) -> dict[str, Tensor]:
        """The averages under flat names."""
        return {f"average.{name}": value for name, value in self.mean.items()}

    @torch.no_grad()
    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""
        for name, value in self.mean.items():
            value.copy_(state[f"average.{name}"])
