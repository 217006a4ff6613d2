"""Noise schedules of diffusion models: variances β (Ho et al. 2020), and the distributions of x_t and x_{t−1} that follow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor


def cosine_betas(steps: int, offset: float = 0.008, largest: float = 0.999) -> Tensor:
    """β (S,), float64, whose ᾱ is a squared cosine of time, cut at `largest` (Nichol and Dhariwal 2021, equation 17)."""
    time = torch.arange(steps + 1, dtype=torch.float64) / steps
    kept = torch.cos((time + offset) / (1 + offset) * math.pi / 2).square()
    return (1 - kept[1:] / kept[:-1]).clamp(max=largest)


def linear_betas(steps: int, first: float, last: float) -> Tensor:
    """β (S,), float64, from `first` to `last` in equal steps (Ho et al. 2020)."""
    return torch.linspace(first, last, steps, dtype=torch.float64)


def quadratic_betas(steps: int, first: float, last: float) -> Tensor:
    """β (S,), float64, whose roots go from √first to √last in equal steps (CSDI, Tashiro et al. 2021)."""
    return torch.linspace(math.sqrt(first), math.sqrt(last), steps, dtype=torch.float64).square()


@dataclass(frozen=True)
class NoiseSchedule:
    """What β_0 … β_{S−1} determine; each table is (S,) float32, computed in float64.

    x_t = signal_t · x_0 + noise_t · ε; the mean of x_{t−1} given x_t and x_0 is mean_clean_t · x_0 + mean_noisy_t · x_t,
    its standard deviation `std`_t (Ho et al. 2020, equations 4 and 7). Steps count from 0, where x_{−1} = x_0.
    """

    betas: Tensor
    signal: Tensor
    noise: Tensor
    mean_clean: Tensor
    mean_noisy: Tensor
    std: Tensor

    @classmethod
    def of(cls, betas: Tensor, device: str = "cpu") -> Self:
        """The tables of β (S,), each in (0, 1)."""
        betas = betas.double()
        kept = torch.cumprod(1 - betas, dim=0)
        before = torch.cat((kept.new_ones(1), kept[:-1]))
        tables = (
            betas,
            kept.sqrt(),
            (1 - kept).sqrt(),
            betas * before.sqrt() / (1 - kept),
            (1 - before) * (1 - betas).sqrt() / (1 - kept),
            (betas * (1 - before) / (1 - kept)).sqrt(),
        )
        return cls(*(table.float().to(device) for table in tables))

    @property
    def steps(self) -> int:
        """The number of diffusion steps S."""
        return len(self.betas)

    def at(self, times: Sequence[int]) -> Self:
        """The schedule of the chain that stops only at `times`, which rise (Nichol and Dhariwal 2021, section 4)."""
        kept = torch.cumprod(1 - self.betas.double(), dim=0)[list(times)]
        return type(self).of(1 - kept / torch.cat((kept.new_ones(1), kept[:-1])), str(self.betas.device))

    def add_noise(self, clean: Tensor, steps: Tensor, noise: Tensor) -> Tensor:
        """Noisy windows x_t (B, T, D) of clean ones and standard normal noise, at steps (B,)."""
        return self.signal[steps, None, None] * clean + self.noise[steps, None, None] * noise

    def clean(self, noisy: Tensor, step: int, noise: Tensor) -> Tensor:
        """The x_0 (B, T, D) that `noise` and x_t at one step imply."""
        return (noisy - self.noise[step] * noise) / self.signal[step]
