"""The training that Diffusion-TS and FlowTS share: micro-batches, Adam with a cut gradient, averaged weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from baselines.diffusion.learning_rate import LearningRate
from benchmark.training import EpochTask, WeightAverage, set_learning_rate
from benchmark.training.averaging import power_decay

Loss = Callable[[Tensor, torch.Generator], Tensor]
"""The loss of clean windows (B, T, D), its times and noise drawn from the generator."""


def averaged(network: nn.Module, values: Mapping[str, Any]) -> WeightAverage:
    """The average of a network's weights by the parameters `average_start`, `average_every` and `average_decay`."""
    every = values["average_every"]
    decay = partial(power_decay, start=values["average_start"], every=every, largest=values["average_decay"])
    return WeightAverage(network, decay, every=every)


class AveragedTask(EpochTask[nn.Module]):
    """Adam (0.9, 0.96) on `loss` of windows (N, T, D) in [−1, 1]; a step takes `micro_batches` batches at once, as their mean."""

    def __init__(
        self,
        network: nn.Module,
        windows: Tensor,
        loss: Loss,
        *,
        batch: int,
        micro_batches: int,
        learning_rate: LearningRate,
        average: WeightAverage,
    ) -> None:
        first = learning_rate.learning_rate
        optimizer = torch.optim.Adam(network.parameters(), lr=first, betas=(0.9, 0.96), fused=True)
        super().__init__(network, windows, optimizer, batch=batch, keep_short=False)
        self.loss, self.average = loss, average
        self.learning_rate, self.micro_batches = learning_rate, micro_batches

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One optimizer step; metrics: the loss and the norm of its gradient before it is cut to 1."""
        first = step * self.micro_batches
        clean = torch.cat([self.batches.draw(first + index, rng) for index in range(self.micro_batches)])
        loss = self.loss(clean, rng)
        norm = self.descend_clipped(loss, 1.0)
        set_learning_rate(self.optimizer, self.learning_rate.update(step, float(loss.detach())))
        self.average.update(step)
        return {"loss": loss.detach(), "gradient_norm": norm}

    def weights(self) -> Mapping[str, Tensor]:
        """The averaged weights."""
        return self.average.mean

    def state(self) -> dict[str, Tensor]:
        """Weights, their average, the epoch's order, the schedule's memory and the optimizer's moments."""
        return {**super().state(), **self.average.state(), "learning_rate": self.learning_rate.state()}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""
        super().load_state(state)
        self.average.load_state(state)
        self.learning_rate.load(state["learning_rate"])
        set_learning_rate(self.optimizer, self.learning_rate.learning_rate)
