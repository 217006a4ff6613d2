"""Samplers of diffusion models: from noise to windows, given a network that tells x_0; windows are (B, T, D)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from baselines.diffusion.schedule import NoiseSchedule

Predict = Callable[[Tensor, int], Tensor]
"""The estimate of x_0 (B, T, D) from x_t (B, T, D) and the step t."""


def sample_ancestral(
    predict: Predict, schedule: NoiseSchedule, x: Tensor, rng: torch.Generator, *, clamp: bool
) -> Tensor:
    """x_0 after all steps of the reverse chain from x = x_{S−1}, with the posterior variance (Ho et al. 2020, algorithm 2).

    With `clamp`, estimates of x_0 are cut to [−1, 1]; the last step adds no noise.
    """
    for step in range(schedule.steps - 1, -1, -1):
        clean = _estimate(predict, x, step, clamp=clamp)
        x = schedule.mean_clean[step] * clean + schedule.mean_noisy[step] * x
        if step:
            noise = torch.randn(x.shape, generator=rng, device=x.device)
            x = x.add_(noise.mul_(schedule.std[step]))
    return x


def sample_respaced(
    predict: Predict, schedule: NoiseSchedule, x: Tensor, steps: int, rng: torch.Generator, *, clamp: bool
) -> Tensor:
    """x_0 after `steps` jumps with noise from x = x_{S−1}: the reverse chain that stops only where they begin."""
    times = implicit_times(schedule.steps, steps)[::-1]
    return sample_ancestral(lambda x, jump: predict(x, times[jump]), schedule.at(times), x, rng, clamp=clamp)


def sample_implicit(predict: Predict, schedule: NoiseSchedule, x: Tensor, steps: int, *, clamp: bool) -> Tensor:
    """x_0 after `steps` jumps without noise from x = x_{S−1} (DDIM with η = 0, Song et al. 2021, equation 12).

    The noise of a jump is the one that x_t and the cut estimate of x_0 imply; the last jump returns that estimate.
    """
    times = implicit_times(schedule.steps, steps)
    for step, following in zip(times, [*times[1:], None], strict=True):
        clean = _estimate(predict, x, step, clamp=clamp)
        if following is None:
            return clean
        noise = (x - schedule.signal[step] * clean) / schedule.noise[step]
        x = schedule.signal[following] * clean + schedule.noise[following] * noise
    return x


def implicit_times(steps: int, jumps: int) -> list[int]:
    """The steps t at which `jumps` jumps begin, from S − 1 down: S·(1 … jumps)/jumps − 1, cut to integers."""
    return [steps * jump // jumps - 1 for jump in range(jumps, 0, -1)]


def _estimate(predict: Predict, x: Tensor, step: int, *, clamp: bool) -> Tensor:
    clean = predict(x, step)
    return clean.clamp(-1.0, 1.0) if clamp else clean
