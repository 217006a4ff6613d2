"""Running averages of a model's weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class WeightAverage:
    """w̄ ← d w̄ + (1 − d) w after each step, with d = min(decay, (1 + s) / (10 + s)) at step s, so that it starts at once."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.live = dict(model.named_parameters())
        self.mean = {name: value.detach().clone() for name, value in self.live.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after step number `step`, from 0."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(self.mean.values()), list(self.live.values()), 1 - decay)

    @torch.no_grad()
    def apply(self) -> None:
        """Replace the live weights by the average."""
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
