"""Batches of training windows in shuffled epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from benchmark.errors import UserError


class Batches:
    """Rows of windows (N, T, D) in batches of `size`, each epoch in a new order.

    An epoch's last short batch is left out, or drawn too where `keep_short`.
    """

    def __init__(self, windows: Tensor, size: int, *, keep_short: bool = False) -> None:
        self.windows, self.size = windows, min(size, len(windows))
        self.per_epoch = math.ceil(len(windows) / self.size) if keep_short else len(windows) // self.size
        self.order = torch.arange(len(windows), device=windows.device)

    def draw(self, number: int, rng: torch.Generator) -> Tensor:
        """Batch `number` (B, T, D), counted from 0 over all epochs; an epoch's first one draws its order."""
        index = number % self.per_epoch
        if index == 0:
            self.order = torch.randperm(len(self.windows), generator=rng, device=self.windows.device)
        return self.windows[self.order[index * self.size : (index + 1) * self.size]]

    def state(self) -> dict[str, Tensor]:
        """The order of the current epoch."""
        return {"order": self.order}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""
        self.order = state["order"].to(self.windows.device)


def count_steps(
    owner: str, steps: int | None, epochs: int | None, windows: int, batch: int, *, prefix: str = ""
) -> int:
    """Steps of a training from whichever of steps and epochs is given, short batches counted; raises UserError otherwise.

    `prefix` precedes both names in the error.
    """
    if steps is not None and epochs is None:
        return steps
    if epochs is not None and steps is None:
        return epochs * math.ceil(windows / batch)
    given = "neither" if steps is None else "both"
    raise UserError(
        f"{owner} was given {given} of {prefix}steps and {prefix}epochs; set exactly one and the other to null."
    )
