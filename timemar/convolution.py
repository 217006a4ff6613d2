"""One-dimensional convolutional encoder and decoder of the VQGAN family (Esser et al. 2021), on tensors (B, T, C)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn
from torch.nn import functional

from benchmark.training.kernels import Linear, conv1d
from timemar.attention import CrossAttention
from timemar.config import TokenizerSizes


class Convolution(nn.Conv1d):
    """A convolution of odd width on (B, T, C), zeros beyond both ends; with stride 2 beyond the last step only.

    The channels lie next to one another in memory, as products of matrices and norms over short sequences want them.
    """

    def __init__(self, channels: int, out_channels: int, width: int = 3, stride: int = 1) -> None:
        super().__init__(channels, out_channels, width, stride)
        self.reach = (width // 2 if stride == 1 else 0, width // 2)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) → (B, T / stride, C')."""
        return conv1d(functional.pad(x, (0, 0, *self.reach)), self.weight, self.bias, self.stride[0])


class Normalization(nn.GroupNorm):
    """GroupNorm on (B, T, C) with the largest number of groups up to 8 that divides C."""

    def __init__(self, channels: int) -> None:
        super().__init__(
            next(count for count in range(min(8, channels), 0, -1) if channels % count == 0), channels, 1e-6
        )

    def forward(self, x: Tensor) -> Tensor:
        """Windows x (B, T, C) with mean 0 and std 1 in every group, times a weight, plus a bias."""
        # As an image of one row whose channels lie innermost, so that nothing is copied.
        return super().forward(x.transpose(1, 2).unsqueeze(2)).squeeze(2).transpose(1, 2)


class ResidualBlock(nn.Module):
    """x + conv(SiLU(norm(conv(SiLU(norm(x)))))), with a 1×1 shortcut where the width changes; (B, T, C) → (B, T, C')."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm1 = Normalization(channels)
        self.conv1 = Convolution(channels, out_channels)
        self.norm2 = Normalization(out_channels)
        self.conv2 = Convolution(out_channels, out_channels)
        self.shortcut = nn.Identity() if channels == out_channels else Convolution(channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """The block's output (B, T, C') for x (B, T, C)."""
        h = self.conv1(functional.silu(self.norm1(x)))
        return self.shortcut(x) + self.conv2(functional.silu(self.norm2(h)))


class SelfAttention(nn.Module):
    """x + Linear(attention of norm(x) to itself), one head, as in VQGAN; (B, T, C) → (B, T, C)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = Normalization(channels)
        self.attention = CrossAttention(channels, channels)
        self.out = Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """The block's output (B, T, C) for x (B, T, C)."""
        h = self.norm(x)
        return x + self.out(self.attention(h, h))


def _middle(width: int, blocks: int, attention: int) -> list[nn.Module]:
    """Residual blocks at the lowest resolution, the first `attention` of them followed by self-attention."""
    layers: list[nn.Module] = []
    for index in range(blocks):
        layers += [ResidualBlock(width, width), *([SelfAttention(width)] if index < attention else [])]
    return layers


class Downsample(nn.Module):
    """Half the length by a width-3 convolution of stride 2, padded by one step on the right."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = Convolution(channels, channels, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) → (B, T / 2, C)."""
        return self.conv(x)


class Upsample(nn.Module):
    """Twice the length: every step repeated, then a width-3 convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = Convolution(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) → (B, 2T, C)."""
        batch, length, channels = x.shape
        return self.conv(x[:, :, None].expand(batch, length, 2, channels).reshape(batch, 2 * length, channels))


def _levels(width: int, widths: Sequence[int], blocks: int, resample: Callable[[int], nn.Module]) -> list[nn.Module]:
    """`blocks` residual blocks at each of `widths`, the very first from `width` channels, with `resample` between levels."""
    layers: list[nn.Module] = []
    for level, channels in enumerate(widths):
        if level > 0:
            layers.append(resample(width))
        for _ in range(blocks):
            layers.append(ResidualBlock(width, channels))
            width = channels
    return layers


def _head(channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(Normalization(channels), nn.SiLU(), Convolution(channels, out_channels))


class Encoder(nn.Module):
    """(B, T, D) → (B, L, z_channels) with L = T / 2^(levels − 1), one level an entry of `ch_mult`."""

    def __init__(self, features: int, sizes: TokenizerSizes) -> None:
        super().__init__()
        widths = [sizes.ch * factor for factor in sizes.ch_mult]
        self.layers = nn.Sequential(
            Convolution(features, sizes.ch),
            *_levels(sizes.ch, widths, sizes.blocks, Downsample),
            *_middle(widths[-1], sizes.middle_blocks, sizes.attention),
            _head(widths[-1], sizes.z_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Latents (B, L, C) of windows x (B, T, D)."""
        return self.layers(x)


class Decoder(nn.Module):
    """(B, L, z_channels) → (B, T, D): the encoder mirrored."""

    def __init__(self, features: int, sizes: TokenizerSizes) -> None:
        super().__init__()
        widths = [sizes.ch * factor for factor in reversed(sizes.ch_mult)]
        self.layers = nn.Sequential(
            Convolution(sizes.z_channels, widths[0]),
            *_middle(widths[0], sizes.middle_blocks, sizes.attention),
            *_levels(widths[0], widths, sizes.blocks, Upsample),
            _head(widths[-1], features),
        )

    def forward(self, z: Tensor) -> Tensor:
        """Windows (B, T, D) of latents z (B, L, C)."""
        return self.layers(z)
