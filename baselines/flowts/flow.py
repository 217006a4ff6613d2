"""Rectified flow (Liu et al. 2022): straight paths from noise (t = 0) to windows (t = 1), how they are learned and followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Times = Literal["uniform", "logit_normal"]
Velocity = Callable[[Tensor, int], Tensor]
"""The velocity (B, T, D) at points (B, T, D), at the beginning of an integration step of that number."""


def point(clean: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """The points t x + (1 − t) z (B, T, D) of windows x and noise z at times (B,)."""
    return torch.lerp(noise, clean, times[:, None, None])


def draw_times(count: int, kind: Times, rng: torch.Generator, device: torch.device) -> Tensor:
    """Times (B,) in (0, 1): uniform, or the sigmoid of a standard normal draw."""
    if kind == "uniform":
        return torch.rand(count, generator=rng, device=device)
    return torch.randn(count, generator=rng, device=device).sigmoid()


def flow_error(network: nn.Module, clean: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """The mean squared error of the velocity x − z that `network` predicts from points and times."""
    return functional.mse_loss(network(point(clean, noise, times), times), clean - noise)


def flow_loss(network: nn.Module, kind: Times, clean: Tensor, rng: torch.Generator) -> Tensor:
    """The error of the velocity at noise and times drawn from `rng`, one time a window."""
    times = draw_times(len(clean), kind, rng, clean.device)
    noise = torch.randn(clean.shape, generator=rng, device=clean.device)
    return flow_error(network, clean, noise, times)


def time_grid(steps: int, shift: float) -> Tensor:
    """Times (steps + 1,), float64, from 0 to 1; a shift α above 1 makes steps near 1 larger, up to α / steps.

    t = 1 − α s / (1 + (α − 1) s) for s from 1 to 0 in equal steps (Esser et al. 2024, equation 23).
    """
    s = torch.arange(steps, -1, -1, dtype=torch.float64) / steps
    return 1 - shift * s / (1 + (shift - 1) * s)


def integrate(velocity: Velocity, x: Tensor, times: Tensor) -> Tensor:
    """Windows (B, T, D) at the last of `times` (S + 1,) from points at the first, by Euler's method."""
    for step, width in enumerate(times.diff().tolist()):
        x = torch.add(x, velocity(x, step), alpha=width)
    return x
