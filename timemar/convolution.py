"""One-dimensional convolutional encoder and decoder of the VQGAN family (Esser et al. 2021), on tensors (B, C, T)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


def normalization(channels: int) -> nn.GroupNorm:
    """GroupNorm with the largest number of groups up to 8 that divides `channels`."""
    groups = next(count for count in range(min(8, channels), 0, -1) if channels % count == 0)
    return nn.GroupNorm(groups, channels, eps=1e-6)


class ResidualBlock(nn.Module):
    """x + conv(SiLU(norm(conv(SiLU(norm(x)))))), with a 1×1 shortcut where the width changes; (B, C, T) → (B, C', T)."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm1 = normalization(channels)
        self.conv1 = nn.Conv1d(channels, out_channels, 3, padding=1)
        self.norm2 = normalization(out_channels)
        self.conv2 = nn.Conv1d(out_channels, out_channels, 3, padding=1)
        self.shortcut = nn.Identity() if channels == out_channels else nn.Conv1d(channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """The block's output (B, C', T) for x (B, C, T)."""
        h = self.conv1(functional.silu(self.norm1(x)))
        return self.shortcut(x) + self.conv2(functional.silu(self.norm2(h)))


class Downsample(nn.Module):
    """Half the length by a width-3 convolution of stride 2, padded by one step on the right."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T / 2)."""
        return self.conv(functional.pad(x, (0, 1)))


class Upsample(nn.Module):
    """Twice the length: every step repeated, then a width-3 convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, 2T)."""
        batch, channels, length = x.shape
        repeated = x[..., None].expand(batch, channels, length, 2).reshape(batch, channels, 2 * length)
        return self.conv(repeated)


def _head(channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(normalization(channels), nn.SiLU(), nn.Conv1d(channels, out_channels, 3, padding=1))


class Encoder(nn.Module):
    """(B, D, T) → (B, z_channels, L) with L = T / 2^(levels − 1), one level an entry of `ch_mult`."""

    def __init__(
        self, features: int, ch: int, ch_mult: tuple[int, ...], blocks: int, middle_blocks: int, z_channels: int
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv1d(features, ch, 3, padding=1)]
        width = ch
        for level, factor in enumerate(ch_mult):
            if level > 0:
                layers.append(Downsample(width))
            for _ in range(blocks):
                layers.append(ResidualBlock(width, ch * factor))
                width = ch * factor
        layers += [ResidualBlock(width, width) for _ in range(middle_blocks)]
        self.layers = nn.Sequential(*layers, _head(width, z_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Latents (B, C, L) of windows x (B, D, T)."""
        return self.layers(x)


class Decoder(nn.Module):
    """(B, z_channels, L) → (B, D, T): the encoder mirrored."""

    def __init__(
        self, features: int, ch: int, ch_mult: tuple[int, ...], blocks: int, middle_blocks: int, z_channels: int
    ) -> None:
        super().__init__()
        width = ch * ch_mult[-1]
        layers: list[nn.Module] = [nn.Conv1d(z_channels, width, 3, padding=1)]
        layers += [ResidualBlock(width, width) for _ in range(middle_blocks)]
        for level, factor in enumerate(reversed(ch_mult)):
            if level > 0:
                layers.append(Upsample(width))
            for _ in range(blocks):
                layers.append(ResidualBlock(width, ch * factor))
                width = ch * factor
        self.layers = nn.Sequential(*layers, _head(width, features))

    def forward(self, z: Tensor) -> Tensor:
        """Windows (B, D, T) of latents z (B, C, L)."""
        return self.layers(z)
