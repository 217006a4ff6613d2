"""What trainings of one network share: an optimizer step and the state to resume from; those in epochs, the order of windows."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from benchmark.training.batches import Batches
from benchmark.training.optim import restore_training, training_state

Network = TypeVar("Network", bound=nn.Module)


class NetworkTask(abc.ABC, Generic[Network]):
    """Training of a network by one optimizer, step by step."""

    def __init__(self, network: Network, optimizer: torch.optim.Optimizer) -> None:
        self.network, self.optimizer = network, optimizer

    @abc.abstractmethod
    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """Optimizer step number `step`, from 0; returns its metrics."""

    def descend(self, loss: Tensor) -> None:
        """One optimizer step down the gradient of `loss`."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()

    def descend_clipped(self, loss: Tensor, largest: float) -> Tensor:
        """One optimizer step down the gradient of `loss`, its norm cut to `largest`; returns the norm before."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), largest)
        self.optimizer.step()
        return norm

    def state(self) -> dict[str, Tensor]:
        """Weights and the optimizer's moments."""
        return training_state(self.network, optimizer=self.optimizer)

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""
        restore_training(state, self.network, optimizer=self.optimizer)


class EpochTask(NetworkTask[Network]):
    """Training of a network on windows (N, T, D) in shuffled epochs, their short last batch used or left out by `keep_short`."""

    def __init__(
        self, network: Network, windows: Tensor, optimizer: torch.optim.Optimizer, *, batch: int, keep_short: bool
    ) -> None:
        super().__init__(network, optimizer)
        self.batches = Batches(windows, batch, keep_short=keep_short)

    def state(self) -> dict[str, Tensor]:
        """Weights, the epoch's order and the optimizer's moments."""
        return {**super().state(), **self.batches.state()}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""
        super().load_state(state)
        self.batches.load_state(state)
