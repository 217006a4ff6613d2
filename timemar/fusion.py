"""Three latents into one before quantization, and back after it: the MLPs f_fuse and f_split (paper section 4.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from timemar.convolution import Convolution


def position_mlp(channels: int, hidden: int, out_channels: int) -> nn.Sequential:
    """Two layers with a GELU between them, on every position of (B, L, C) alike."""
    return nn.Sequential(Convolution(channels, hidden, 1), nn.GELU(), Convolution(hidden, out_channels, 1))


class Fusion(nn.Module):
    """z = MLP([z_t, z_c, z_s]), position by position."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mlp = position_mlp(3 * channels, 2 * channels, channels)

    def forward(self, trend: Tensor, coarse: Tensor, fine: Tensor) -> Tensor:
        """The fused latent (B, L, C) of three latents (B, L, C)."""
        return self.mlp(torch.cat([trend, coarse, fine], dim=-1))


class LatentSplit(nn.Module):
    """[ẑ_t, ẑ_c, ẑ_s] = MLP(ẑ), position by position; the paper calls it LatentDecomp."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mlp = position_mlp(channels, 2 * channels, 3 * channels)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Latents of trend, coarse and fine seasonal part, each (B, L, C), of a fused latent (B, L, C)."""
        trend, coarse, fine = self.mlp(z).chunk(3, dim=-1)
        return trend, coarse, fine
