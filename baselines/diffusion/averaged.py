"""The training that Diffusion-TS and FlowTS share: micro-batches, Adam with a cut gradient, averaged weights."""

from __future__ import annotations

import abc
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from baselines.diffusion.learning_rate import LearningRate
from benchmark.training import EpochTask, WeightAverage, set_learning_rate


class AveragedTask(EpochTask[nn.Module]):
    """Adam (0.9, 0.96) on a loss of windows (N, T, D) in [−1, 1]; a step takes `micro_batches` batches at once, as their mean."""

    def __init__(
        self,
        network: nn.Module,
        windows: Tensor,
        *,
        batch: int,
        micro_batches: int,
        learning_rate: LearningRate,
        average: WeightAverage,
    ) -> None:
        first = learning_rate.learning_rate
        optimizer = torch.optim.Adam(network.parameters(), lr=first, betas=(0.9, 0.96), fused=True)
        super().__init__(network, windows, optimizer, batch=batch, keep_short=False)
        self.average, self.learning_rate, self.micro_batches = average, learning_rate, micro_batches

    @abc.abstractmethod
    def loss(self, clean: Tensor, rng: torch.Generator) -> Tensor:
        """The loss of clean windows (B, T, D), its times and noise drawn from `rng`."""

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
