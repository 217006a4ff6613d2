"""Diffusion-TS's objective, in time and frequency, and its weights by step (values of the official code)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from baselines.diffusion.schedule import NoiseSchedule


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


class TimeFrequencyLoss:
    """Weighted L1 of x_0 in time and frequency, of windows of T=`length` steps."""

    def __init__(self, network: nn.Module, schedule: NoiseSchedule, length: int) -> None:
        self.network, self.schedule = network, schedule
        self.spectrum = spectrum_matrix(length).to(schedule.betas.device)
        self.frequency_weight = math.sqrt(length) / 5
        self.step_weights = step_weights(schedule)

    def __call__(self, clean: Tensor, rng: torch.Generator) -> Tensor:
        """The mean error of x_0 for clean windows (B, T, D) at steps drawn uniformly, each weighted by its step."""
        device = clean.device
        steps = torch.randint(self.schedule.steps, (len(clean),), generator=rng, device=device)
        noise = torch.randn(clean.shape, generator=rng, device=device)
        predicted = self.network(self.schedule.add_noise(clean, steps, noise), steps)
        error = time_frequency_error(predicted, clean, self.spectrum, self.frequency_weight)
        return (error * self.step_weights[steps]).mean()
