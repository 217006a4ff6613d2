"""Noise on decoded windows (ours): a decoder trained by squared error returns a mean, smoother than the data."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmark.training import seeded


class OutputNoise(nn.Module):
    """Independent Gaussian noise; its std (T, D), by step and feature, is that of the reconstruction errors."""

    std: Tensor

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        self.register_buffer("std", torch.empty(length, features))

    def seeded_reset(self, rng: torch.Generator) -> None:
        """No noise yet; nothing is drawn."""
        del rng
        self.std.zero_()

    @torch.no_grad()
    def fit(self, errors: Tensor) -> None:
        """Take the root mean square of reconstruction errors (N, T, D), in the data's units."""
        self.std.copy_(errors.square().mean(dim=0).sqrt())

    def forward(self, windows: Tensor, seed: int) -> Tensor:
        """Windows (N, T, D) with noise drawn from `seed`."""
        # A stream of its own: `seed` itself draws the tokens.
        own = int(torch.randint(2**31, (1,), generator=seeded(seed)))
        noise = torch.randn(windows.shape, generator=seeded(own)).to(windows.device)
        return windows + noise * self.std


class NoOutputNoise(nn.Module):
    """The stand-in that leaves windows as they are."""

    def fit(self, errors: Tensor) -> None:
        """Nothing to fit."""

    def forward(self, windows: Tensor, seed: int) -> Tensor:
        """The windows (N, T, D) themselves."""
        del seed
        return windows
