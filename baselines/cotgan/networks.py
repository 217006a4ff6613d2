"""COT-GAN's networks: a recurrent generator and causal convolutions that judge (sizes of the official code)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.tensorflow_layers import Dense, LSTMLayer

_EPSILON = 1e-3  # of Keras's batch normalisation


class BatchNorm(nn.BatchNorm1d):
    """Keras's batch normalisation over all axes but the last: momentum 0.99, ε 0.001."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=_EPSILON, momentum=0.01)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Start as the identity of standardised inputs."""
        del rng
        self.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        """Normalised (..., C) of x (..., C)."""
        return super().forward(x.flatten(0, -2)).view(x.shape)


class FixedNorm(nn.Module):
    """What Keras's batch normalisation is while it is never told that it trains: γ x / √(1 + ε) + β, of mean 0 and variance 1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))

    def seeded_reset(self, rng: torch.Generator) -> None:
        """γ = 1, β = 0."""
        del rng
        nn.init.ones_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) of x (..., C), each window by itself."""
        return x * (self.weight / math.sqrt(1 + _EPSILON)) + self.bias


NORMS: Mapping[str, Callable[[int], nn.Module]] = {"fixed": FixedNorm, "batch": BatchNorm}


class WindowGenerator(nn.Module):
    """Windows (n, T, D) of noise (n, T, Z): LSTM, then Dense, BatchNorm, ReLU and Dense at every step."""

    def __init__(self, noise: int, hidden: int, features: int, *, bounded: bool) -> None:
        super().__init__()
        self.recurrent = LSTMLayer(noise, hidden)
        self.dense = Dense(hidden, hidden)
        self.norm = BatchNorm(hidden)
        self.out = Dense(hidden, features)
        self.bounded = bounded

    def forward(self, noise: Tensor) -> Tensor:
        """Windows (n, T, D), through σ where `bounded`."""
        states = self.recurrent(noise.transpose(0, 1)).transpose(0, 1)
        made = self.out(functional.relu(self.norm(self.dense(states))))
        return made.sigmoid() if self.bounded else made


class CausalConv(nn.Conv1d):
    """A convolution over (B, T, C) that sees the step and the `width` − 1 before it, from Keras's initial values."""

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Glorot-uniform, biases 0."""
        nn.init.xavier_uniform_(self.weight, generator=rng)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C') of x (B, T, C)."""
        past = functional.pad(x.transpose(1, 2), (self.kernel_size[0] - 1, 0))
        return super().forward(past).transpose(1, 2)


class Judge(nn.Module):
    """One of the test functions h and M: sequences (B, T, J) in (−1, 1) of windows (B, T, D), of the past only."""

    def __init__(self, features: int, filters: int, kernel: int, norm: str) -> None:
        super().__init__()
        self.first = CausalConv(features, filters, kernel)
        self.norm = NORMS[norm](filters)
        self.second = CausalConv(filters, filters, kernel)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, J) of x (B, T, D)."""
        return self.second(functional.relu(self.norm(self.first(x)))).tanh()


class Networks(nn.Module):
    """The generator and the test functions h and M; `judge_norm` is one of `NORMS`."""

    def __init__(
        self, features: int, *, noise: int, hidden: int, filters: int, kernel: int, judge_norm: str, bounded: bool
    ) -> None:
        super().__init__()
        self.generator = WindowGenerator(2 * noise, hidden, features, bounded=bounded)
        self.h = Judge(features, filters, kernel, judge_norm)
        self.m = Judge(features, filters, kernel, judge_norm)
