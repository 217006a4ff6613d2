"""TimeVAE's encoder and decoder: convolutions, and a sum of level, trend, seasons and residual (Desai et al. 2021, section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.tensorflow_layers import Dense
from baselines.timevae.keras_conv import SameConv, SameConvTranspose, same_length
from baselines.timevae.scaling import StepScaler

_KERNEL = 3
_STRIDE = 2


class Sizes(NamedTuple):
    """Filters of the encoder, latent dimensions, degree of the trend, pairs (seasons, steps of one), residual or none."""

    filters: tuple[int, ...]
    latent: int
    trend_poly: int
    seasons: tuple[tuple[int, int], ...]
    residual: bool


class Encoder(nn.Module):
    """Mean and log-variance (B, Z) of the latent distribution of windows (B, T, D)."""

    def __init__(self, length: int, features: int, sizes: Sizes) -> None:
        super().__init__()
        steps = length
        for _ in sizes.filters:
            steps = same_length(steps, _STRIDE)
        channels = pairwise((features, *sizes.filters))
        self.convolutions = nn.ModuleList(SameConv(i, o, _KERNEL, _STRIDE) for i, o in channels)
        self.flat = steps * sizes.filters[-1]
        self.mean = Dense(self.flat, sizes.latent)
        self.log_variance = Dense(self.flat, sizes.latent)

    def forward(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance, each (B, Z)."""
        x = windows
        for convolution in self.convolutions:
            x = functional.relu(convolution(x))
        x = x.flatten(1)
        return self.mean(x), self.log_variance(x)


class Level(nn.Module):
    """One number a feature, the same at all steps: (B, 1, D) of z (B, Z)."""

    def __init__(self, features: int, latent: int) -> None:
        super().__init__()
        self.first = Dense(latent, features)
        self.second = Dense(features, features)

    def forward(self, z: Tensor) -> Tensor:
        """(B, 1, D) of z (B, Z)."""
        return self.second(functional.relu(self.first(z)))[:, None]


class Trend(nn.Module):
    """A polynomial in i / T without its constant, of degree `degree`: (B, T, D) of z (B, Z)."""

    basis: Tensor

    def __init__(self, length: int, features: int, latent: int, degree: int) -> None:
        super().__init__()
        self.length, self.degree = length, degree
        self.first = Dense(latent, features * degree)
        self.second = Dense(features * degree, features * degree)
        self.register_buffer("basis", torch.empty(degree, length), persistent=False)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Tabulate the powers (i / T)^p, p = 1 … degree."""
        del rng
        time = torch.arange(self.length) / self.length
        self.basis.copy_(torch.stack([time**power for power in range(1, self.degree + 1)]))

    def forward(self, z: Tensor) -> Tensor:
        """(B, T, D) of z (B, Z)."""
        coefficients = self.second(functional.relu(self.first(z))).unflatten(1, (-1, self.degree))
        return (coefficients @ self.basis).transpose(1, 2)


class Season(nn.Module):
    """A pattern of `seasons` values, each held for `steps` steps, over and over: (B, T, D) of z (B, Z)."""

    index: Tensor

    def __init__(self, length: int, features: int, latent: int, seasons: int, steps: int) -> None:
        super().__init__()
        self.length, self.seasons, self.steps = length, seasons, steps
        self.values = Dense(latent, features * seasons)
        self.register_buffer("index", torch.empty(length, dtype=torch.long), persistent=False)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Tabulate each step's season, ⌊i / steps⌋ mod seasons."""
        del rng
        self.index.copy_(torch.arange(self.length) // self.steps % self.seasons)

    def forward(self, z: Tensor) -> Tensor:
        """(B, T, D) of z (B, Z)."""
        return self.values(z).unflatten(1, (-1, self.seasons))[:, :, self.index].transpose(1, 2)


class Residual(nn.Module):
    """What the other parts leave: the encoder backwards, then one dense layer over the whole window; (B, T, D) of z (B, Z)."""

    def __init__(self, length: int, features: int, flat: int, sizes: Sizes) -> None:
        super().__init__()
        self.length, self.top = length, sizes.filters[-1]
        self.first = Dense(sizes.latent, flat)
        channels = pairwise((*reversed(sizes.filters), features))
        self.convolutions = nn.ModuleList(SameConvTranspose(i, o, _KERNEL, _STRIDE) for i, o in channels)
        steps = flat // self.top * _STRIDE ** len(sizes.filters)
        self.last = Dense(steps * features, length * features)

    def forward(self, z: Tensor) -> Tensor:
        """(B, T, D) of z (B, Z)."""
        x = functional.relu(self.first(z)).unflatten(1, (-1, self.top))
        for convolution in self.convolutions:
            x = functional.relu(convolution(x))
        return self.last(x.flatten(1)).unflatten(1, (self.length, -1))


class TimeVAENetwork(nn.Module):
    """Encoder and decoder for windows (T=length, D=features), and the scaler between the data's units and theirs."""

    def __init__(self, length: int, features: int, sizes: Sizes) -> None:
        super().__init__()
        self.length = length
        self.scaler = StepScaler(length, features)
        self.encoder = Encoder(length, features, sizes)
        parts: list[nn.Module] = [Level(features, sizes.latent)]
        if sizes.trend_poly:
            parts.append(Trend(length, features, sizes.latent, sizes.trend_poly))
        parts.extend(Season(length, features, sizes.latent, *pattern) for pattern in sizes.seasons)
        if sizes.residual:
            parts.append(Residual(length, features, self.encoder.flat, sizes))
        self.decoder = nn.ModuleList(parts)

    def synthesize(self, z: Tensor) -> Tensor:
        """Windows (B, T, D) in the data's units, unbounded, of latent vectors z (B, Z)."""
        return self.scaler.inverse_transform(self.decode(z))

    def decode(self, z: Tensor) -> Tensor:
        """Scaled windows (B, T, D), unbounded, of latent vectors z (B, Z): the sum of the parts."""
        made: Sequence[Tensor] = [part(z) for part in self.decoder]
        return sum(made[1:], start=made[0].expand(-1, self.length, -1))

    def forward(self, windows: Tensor, normal: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Decoded windows, mean and log-variance of scaled windows (B, T, D); `normal` (B, Z) is the latent noise."""
        mean, log_variance = self.encoder(windows)
        return self.decode(mean + (0.5 * log_variance).exp() * normal), mean, log_variance


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL (nats) of the latent distributions (B, Z) from the standard normal one, summed over B and Z."""
    return -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum()


def reconstruction(windows: Tensor, decoded: Tensor) -> Tensor:
    """Squared errors (B, T, D) summed over all, plus those of the mean over features (official code, not in the paper)."""
    error = decoded - windows
    return error.square().sum() + error.mean(dim=2).square().sum()
