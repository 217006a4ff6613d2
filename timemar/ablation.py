"""Stand-ins for the parts that an ablation takes out (paper Table 3), with the same inputs and outputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from timemar.fusion import position_mlp


class NoFrequencies(nn.Module):
    """In place of the frequency attention: latents as the convolutions made them."""

    def forward(self, features: Tensor, seasonal: Tensor) -> Tensor:
        """`features` (B, L, C); the seasonal part (B, T, D) is ignored."""
        del seasonal
        return features


class NoGuidance(nn.Module):
    """In place of the coarse guidance: the fine decoder does not see Ĉ."""

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """`fine` (B, L, C); the coarse seasonal part (B, T, D) is ignored."""
        del coarse
        return fine


class WholeSeries(nn.Module):
    """In place of the decomposition: no trend, and the series itself takes the seasonal path."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Zeros and x, each (B, T, D)."""
        return torch.zeros_like(x), x


class NoCoarsePart(nn.Module):
    """In place of the down- and upsampling: no coarse seasonal part."""

    def forward(self, seasonal: Tensor) -> Tensor:
        """Zeros (B, T, D)."""
        return torch.zeros_like(seasonal)


class FineFusion(nn.Module):
    """In place of the fusion of three latents: the same MLP over the fine one alone."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mlp = position_mlp(channels, 2 * channels, channels)

    def forward(self, trend: Tensor, coarse: Tensor, fine: Tensor) -> Tensor:
        """The latent (B, L, C) of the fine latent (B, L, C)."""
        del trend, coarse
        return self.mlp(fine)


class FineSplit(nn.Module):
    """In place of the split into three latents: the same MLP to the fine one alone."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mlp = position_mlp(channels, 2 * channels, channels)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The fine latent (B, L, C) last; the first two are `z` itself, for a decoder that does not look at them."""
        return z, z, self.mlp(z)


class SilentDecoder(nn.Module):
    """In place of the coarse decoder: zeros."""

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        self.length, self.features = length, features

    def forward(self, z: Tensor) -> Tensor:
        """Zeros (B, T, D) for latents z (B, L, C)."""
        return z.new_zeros(len(z), self.length, self.features)
