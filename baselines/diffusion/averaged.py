"""The training that Diffusion-TS and FlowTS share: micro-batches, Adam with a cut gradient, averaged weights."""

from __future__ import annotations

import abc
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from baselines.diffusion.learning_rate import LearningRate
from benchmark.training import Batches, WeightAverage, restore_training, set_learning_rate, training_state


class AveragedTask(abc.ABC):
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
        self.network, self.average, self.learning_rate = network, average, learning_rate
        self.batches, self.micro_batches = Batches(windows, batch), micro_batches
        self.parameters = list(network.parameters())
        self.optimizer = torch.optim.Adam(
            self.parameters, lr=learning_rate.learning_rate, betas=(0.9, 0.96), fused=True
        )

    @abc.abstractmethod
    def loss(self, clean: Tensor, rng: torch.Generator) -> Tensor:
        """The loss of clean windows (B, T, D), its times and noise drawn from `rng`."""

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One optimizer step; metrics: the loss and the norm of its gradient before it is cut to 1."""
        first = step * self.micro_batches
        clean = torch.cat([self.batches.draw(first + index, rng) for index in range(self.micro_batches)])
        loss = self.loss(clean, rng)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        set_learning_rate(self.optimizer, self.learning_rate.update(step, float(loss.detach())))
        self.average.update(step)
        return {"loss": loss.detach(), "gradient_norm": norm}

    def weights(self) -> Mapping[str, Tensor]:
        """The averaged weights."""
        return self.average.mean

    def state(self) -> dict[str, Tensor]:
        """Weights, their average, the epoch's order, the schedule's memory and the optimizer's moments."""
        own = {**self.average.state(), **self.batches.state(), "learning_rate": self.learning_rate.state()}
        return {**training_state(self.network, optimizer=self.optimizer), **own}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""
        restore_training(state, self.network, optimizer=self.optimizer)
        self.average.load_state(state)
        self.batches.load_state(state)
        self.learning_rate.load(state["learning_rate"])
        set_learning_rate(self.optimizer, self.learning_rate.learning_rate)
