"""Diffusion-TS's objective, in time and frequency, its learning rate and its training (values of the official code)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from baselines.diffusion.schedule import NoiseSchedule
from benchmark.training import Batches, WeightAverage, restore_training, set_learning_rate, training_state


def step_weights(schedule: NoiseSchedule) -> Tensor:
    """Weights (S,) of the loss by diffusion step: √α √(1 − ᾱ) / (100 β)."""
    return (1 - schedule.betas).sqrt() * schedule.noise / (100 * schedule.betas)


def spectrum_matrix(length: int) -> Tensor:
    """The matrix M (T, T) for which the sum of |M x| is that of the moduli of real and imaginary parts of the spectrum of x (T,).

    The spectrum is divided by T. The bins above Nyquist's mirror those below, which therefore count twice.
    """
    half = (length - 1) // 2
    time = torch.arange(length, dtype=torch.float64)
    angle = 2 * math.pi / length * (torch.arange(length // 2 + 1)[:, None] * time % length)
    twice = torch.full((length // 2 + 1, 1), 2.0, dtype=torch.float64)
    twice[0] = 1
    if length % 2 == 0:
        twice[-1] = 1
    return torch.cat((twice * angle.cos(), 2 * angle[1 : half + 1].sin())).div(length).float()


def time_frequency_error(predicted: Tensor, clean: Tensor, spectrum: Tensor, weight: float) -> Tensor:
    """Errors (B,) of windows (B, T, D): mean modulus of the difference, plus `weight` times that of its spectrum's two parts."""
    difference = predicted - clean
    frequency = torch.matmul(spectrum, difference)
    return difference.abs().mean(dim=(1, 2)) + weight * frequency.abs().mean(dim=(1, 2))


@dataclass(frozen=True)
class Plateau:
    """A learning rate: linear from `first` to `peak` in `warmup` steps, then × `factor` after `patience` bad steps in a row.

    A step is bad where its loss is not at least `threshold` (a share) below the best; it stays at `first` or above.
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


class TimeFrequencyTask:
    """Weighted L1 of x_0 in time and frequency; a step takes `micro_batches` batches at once, as their mean."""

    def __init__(
        self,
        network: nn.Module,
        schedule: NoiseSchedule,
        windows: Tensor,
        *,
        batch: int,
        micro_batches: int,
        plateau: Plateau,
        average: WeightAverage,
    ) -> None:
        self.network, self.schedule, self.average = network, schedule, average
        self.batches, self.micro_batches = Batches(windows, batch), micro_batches
        self.learning_rate = PlateauSchedule(plateau)
        self.spectrum = spectrum_matrix(windows.shape[1]).to(windows.device)
        self.frequency_weight = math.sqrt(windows.shape[1]) / 5
        self.step_weights = step_weights(schedule)
        self.parameters = list(network.parameters())
        self.optimizer = torch.optim.Adam(
            self.parameters, lr=self.learning_rate.learning_rate, betas=(0.9, 0.96), fused=True
        )

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One optimizer step; metrics: the loss and the norm of its gradient before it is cut to 1."""
        first = step * self.micro_batches
        clean = torch.cat([self.batches.draw(first + index, rng) for index in range(self.micro_batches)])
        device = clean.device
        steps = torch.randint(self.schedule.steps, (len(clean),), generator=rng, device=device)
        noise = torch.randn(clean.shape, generator=rng, device=device)
        predicted = self.network(self.schedule.add_noise(clean, steps, noise), steps)
        error = time_frequency_error(predicted, clean, self.spectrum, self.frequency_weight)
        loss = (error * self.step_weights[steps]).mean()
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
