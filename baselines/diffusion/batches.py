"""Batches of training windows in shuffled epochs, and running averages of weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class Batches:
    """Rows of windows (N, T, D) in batches of `size`: each epoch is a new order, its last short batch is left out."""

    def __init__(self, windows: Tensor, size: int) -> None:
        self.windows, self.size = windows, min(size, len(windows))
        self.per_epoch = len(windows) // self.size
        self.order = torch.arange(len(windows), device=windows.device)

    def draw(self, number: int, rng: torch.Generator) -> Tensor:
        """Batch `number` (B, T, D), counted from 0 over all epochs; an epoch's first one draws its order."""
        place = number % self.per_epoch
        if place == 0:
            self.order = torch.randperm(len(self.windows), generator=rng, device=self.windows.device)
        return self.windows[self.order[place * self.size : (place + 1) * self.size]]


def average_decay(step: int, *, start: int, largest: float) -> float:
    """The share that an average keeps when it is updated at `step`: 0 up to `start`, then 1 − (1 + e)^(−2/3) up to `largest`.

    e counts from `start` (the schedule of the ema-pytorch library with power 2/3).
    """
    return 0.0 if step <= start else min(largest, 1 - (1 + step - start) ** (-2 / 3))


class WeightAverage:
    """The exponential moving average of a module's parameters, updated every `every` steps."""

    def __init__(self, module: nn.Module, *, decay: float, every: int, start: int) -> None:
        self.parameters = dict(module.named_parameters())
        self.decay, self.every, self.start = decay, every, start
        self.values = {name: value.detach().clone() for name, value in self.parameters.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after optimizer step `step` (from 0), if it is one of those that count."""
        if step % self.every == 0:
            share = 1 - average_decay(step, start=self.start, largest=self.decay)
            torch._foreach_lerp_(list(self.values.values()), list(self.parameters.values()), share)

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take back values of the average by name."""
        for name, value in self.values.items():
            value.copy_(values[name])
