"""The model's inner units: every feature with mean 0 and std 1, its seasonal part with std 1 (ours)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_SMALLEST = 1e-5


class Scaling(nn.Module):
    """Constants of the training windows by feature: `mean`, `std`, and `detail`, the seasonal std in units of `std`."""

    mean: Tensor
    std: Tensor
    detail: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        for name in ("mean", "std", "detail"):
            self.register_buffer(name, torch.empty(features))

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Start as the identity; nothing is drawn."""
        del rng
        self.mean.zero_()
        self.std.fill_(1.0)
        self.detail.fill_(1.0)

    @torch.no_grad()
    def fit(self, windows: Tensor) -> None:
        """Take mean and std from windows (N, T, D); a constant feature keeps std 1."""
        self.mean.copy_(windows.mean(dim=(0, 1)))
        self.std.copy_(_positive(windows.std(dim=(0, 1), correction=0)))

    @torch.no_grad()
    def fit_detail(self, mean_square: Tensor) -> None:
        """Take the seasonal std from the mean square (D) of the seasonal parts in inner units."""
        self.detail.copy_(_positive(mean_square.sqrt()))

    def transform(self, windows: Tensor) -> Tensor:
        """Windows (B, T, D) in inner units."""
        return (windows - self.mean) / self.std

    def inverse_transform(self, inner: Tensor) -> Tensor:
        """Inner units (B, T, D) back to the data's."""
        return inner * self.std + self.mean


def _positive(std: Tensor) -> Tensor:
    return torch.where(std < _SMALLEST, torch.ones_like(std), std)
