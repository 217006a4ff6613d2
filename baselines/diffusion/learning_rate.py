"""Learning rates that may watch the loss: a plateau's halving, a cosine."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from benchmark.training import warmup_cosine


class LearningRate(Protocol):
    """The learning rate of the coming step, and what it remembers of the steps before."""

    learning_rate: float

    def update(self, step: int, loss: float) -> float:
        """The learning rate of the step after `step` (from 0), whose loss was `loss`."""

    def state(self) -> Tensor:
        """What it remembers, as float64."""

    def load(self, state: Tensor) -> None:
        """Take back what `state` returned."""


@dataclass(frozen=True)
class Plateau:
    """A learning rate: linear from `first` to `peak` in `warmup` steps, then × `factor` after `patience` bad steps in a row.

    A step is bad where its loss is not at least `threshold` (a share) below the best. The learning rate never falls below
    `first`.
    """

    first: float
    peak: float
    warmup: int
    patience: int
    factor: float = 0.5
    threshold: float = 0.1


@dataclass
class PlateauSchedule:
    """The learning rate by a `Plateau`, and what it remembers: the best loss and the bad steps since."""

    settings: Plateau
    best: float = math.inf
    bad: int = 0
    cuts: int = 0
    learning_rate: float = field(init=False)

    def __post_init__(self) -> None:
        self.learning_rate = self.settings.first if self.settings.warmup else self.settings.peak

    def update(self, step: int, loss: float) -> float:
        """The learning rate of the step after `step` (from 0), whose loss was `loss`."""
        s = self.settings
        if step < s.warmup:
            self.learning_rate = s.first + (s.peak - s.first) * (step + 1) / s.warmup
            return self.learning_rate
        if loss < self.best * (1 - s.threshold):
            self.best, self.bad = loss, 0
        else:
            self.bad += 1
        if self.bad > s.patience:
            self.cuts, self.bad = self.cuts + 1, 0
        self.learning_rate = max(min(s.first, s.peak), s.peak * s.factor**self.cuts)
        return self.learning_rate

    def state(self) -> Tensor:
        """What it remembers, as float64 (4,)."""
        return torch.tensor([self.best, self.bad, self.cuts, self.learning_rate], dtype=torch.float64)

    def load(self, state: Tensor) -> None:
        """Take back what `state` returned."""
        best, bad, cuts, learning_rate = state.tolist()
        self.best, self.bad, self.cuts, self.learning_rate = best, int(bad), int(cuts), learning_rate


@dataclass
class CosineSchedule:
    """The learning rate by linear warm-up to `peak` and a cosine to 0 after `steps` steps."""

    steps: int
    peak: float
    warmup: int
    learning_rate: float = field(init=False)

    def __post_init__(self) -> None:
        self.learning_rate = self._at(0)

    def update(self, step: int, loss: float) -> float:
        """The learning rate of the step after `step` (from 0)."""
        del loss
        self.learning_rate = self._at(step + 1)
        return self.learning_rate

    def state(self) -> Tensor:
        """The learning rate, as float64 (1,)."""
        return torch.tensor([self.learning_rate], dtype=torch.float64)

    def load(self, state: Tensor) -> None:
        """Take back what `state` returned."""
        self.learning_rate = float(state[0])

    def _at(self, step: int) -> float:
        return warmup_cosine(step, self.steps, self.peak, warmup=self.warmup)
