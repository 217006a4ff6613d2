"""SDformer's stage 1: the convolutional VQ-VAE, on tensors (T, B, C) so that every tap of a convolution is a slice in time."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.sdformer.quantizer import SimilarityQuantizer
from benchmark.training.kernels import linear


def taps(x: Tensor, bias: Tensor, terms: dict[int, Tensor]) -> Tensor:
    """Y (T, B, C') with y[t] = bias + Σ W x[t + offset] over `terms` {offset: W (C', C)}, the first at offset 0.

    x (T, B, C) is zero outside 0 .. T − 1; a tap that reaches only zeros costs nothing.
    """
    (_, first), *others = terms.items()
    y = linear(x, first, bias)
    for offset, weight in others:
        if abs(offset) < len(x):
            before, after = max(0, -offset), max(0, offset)
            y = y + functional.pad(linear(x[after : len(x) - before], weight), (0, 0, 0, 0, before, after))
    return y


class _Kernel(nn.Module):
    """Weights (width, C', C) and bias (C') of a convolution, initialised as PyTorch's convolutions are."""

    def __init__(self, channels: int, out_channels: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width, out_channels, channels))
        self.bias = nn.Parameter(torch.empty(out_channels))

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Uniform within ±1 / √(C · width)."""
        width, _, channels = self.weight.shape
        bound = (channels * width) ** -0.5
        nn.init.uniform_(self.weight, -bound, bound, generator=rng)
        nn.init.uniform_(self.bias, -bound, bound, generator=rng)


class Convolution(_Kernel):
    """Width 1 or 3, stride 1, `dilation` steps between taps, zeros beyond both ends."""

    def __init__(self, channels: int, out_channels: int, width: int = 3, dilation: int = 1) -> None:
        super().__init__(channels, out_channels, width)
        self.dilation = dilation

    def forward(self, x: Tensor) -> Tensor:
        """(T, B, C) → (T, B, C')."""
        if len(self.weight) == 1:
            return taps(x, self.bias, {0: self.weight[0]})
        before, at, after = self.weight.unbind()
        return taps(x, self.bias, {0: at, -self.dilation: before, self.dilation: after})


class Downsample(_Kernel):
    """Width 4, stride 2, one zero beyond both ends: the even and the odd steps see two taps each."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, width=4)

    def forward(self, x: Tensor) -> Tensor:
        """(T, B, C) → (T / 2, B, C)."""
        first, second, third, fourth = self.weight.unbind()
        even = taps(x[0::2], self.bias, {0: second, 1: fourth})
        return even + taps(x[1::2], torch.zeros_like(self.bias), {0: third, -1: first})


class Upsample(_Kernel):
    """Every step twice, then width 3: each output sees two different steps, so two products replace three."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, width=3)

    def forward(self, x: Tensor) -> Tensor:
        """(T, B, C) → (2T, B, C)."""
        before, at, after = self.weight.unbind()
        even = taps(x, self.bias, {0: at + after, -1: before})
        odd = taps(x, self.bias, {0: before + at, 1: after})
        return torch.stack([even, odd], dim=1).flatten(0, 1)


class ResidualBlock(nn.Module):
    """x + conv1(ReLU(conv3(ReLU(x)))), the wide convolution dilated; no norm."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.wide = Convolution(width, width, dilation=dilation)
        self.narrow = Convolution(width, width, width=1)

    def forward(self, x: Tensor) -> Tensor:
        """(T, B, C) → (T, B, C)."""
        return x + self.narrow(functional.relu(self.wide(functional.relu(x))))


def _residuals(width: int, depth: int, growth: int) -> list[nn.Module]:
    """`depth` blocks, the widest dilation first: growth^(depth − 1) .. growth, 1, in the encoder and the decoder alike."""
    return [ResidualBlock(width, growth**power) for power in reversed(range(depth))]


@dataclass(frozen=True)
class VQVAESizes:
    """Sizes of stage 1: latents are L = T / 2^`down_t` long and `code_dim` wide."""

    vocab_size: int
    width: int
    code_dim: int
    down_t: int
    depth: int
    dilation_growth: int


@dataclass(frozen=True)
class Reconstruction:
    """`windows` (B, T, D), unbounded; `tokens` and unit vectors `latents` (B·L, ..) with the `codes` chosen for them."""

    windows: Tensor
    latents: Tensor
    tokens: Tensor
    codes: Tensor


class VQVAE(nn.Module):
    """Encoder, cosine quantizer and decoder (SDformer, Chen et al. 2024; sizes of the official code)."""

    def __init__(self, features: int, sizes: VQVAESizes) -> None:
        super().__init__()
        width, depth, growth = sizes.width, sizes.depth, sizes.dilation_growth
        down: list[nn.Module] = []
        up: list[nn.Module] = []
        for _ in range(sizes.down_t):
            down += [Downsample(width), *_residuals(width, depth, growth)]
            up += [*_residuals(width, depth, growth), Upsample(width)]
        self.encoder = nn.Sequential(Convolution(features, width), nn.ReLU(), *down, Convolution(width, sizes.code_dim))
        self.quantizer = SimilarityQuantizer(sizes.vocab_size, sizes.code_dim)
        self.decoder = nn.Sequential(
            Convolution(sizes.code_dim, width),
            nn.ReLU(),
            *up,
            Convolution(width, width),
            nn.ReLU(),
            Convolution(width, features),
        )

    def encode(self, windows: Tensor) -> Tensor:
        """Unit latents (B·L, C) of windows (B, T, D), in the order of windows, then positions."""
        latents = self.encoder(windows.transpose(0, 1))
        return functional.normalize(latents.transpose(0, 1).flatten(0, 1), dim=-1)

    def decode(self, codes: Tensor, batch: int) -> Tensor:
        """Windows (B, T, D), unbounded, of codes (B·L, C)."""
        return self.decoder(codes.unflatten(0, (batch, -1)).transpose(0, 1)).transpose(0, 1)

    def forward(self, windows: Tensor) -> Reconstruction:
        """Encode, quantize and decode windows (B, T, D); the gradient passes straight through the quantizer."""
        latents = self.encode(windows)
        tokens = self.quantizer.nearest(latents)
        codes = self.quantizer.lookup(tokens)
        through = latents + (codes - latents).detach()
        return Reconstruction(self.decode(through, len(windows)), latents, tokens, codes)

    @torch.no_grad()
    def tokenize(self, windows: Tensor, batch: int = 256) -> Tensor:
        """Tokens (N, L) of windows (N, T, D), computed in batches."""
        return torch.cat(
            [self.quantizer.nearest(self.encode(part)).view(len(part), -1) for part in windows.split(batch)]
        )

    @torch.no_grad()
    def reconstruct(self, tokens: Tensor, batch: int = 256) -> Tensor:
        """Windows (N, T, D) in [0, 1] of tokens (N, L), decoded in batches and clipped."""
        parts = [self.decode(self.quantizer.lookup(part.flatten()), len(part)) for part in tokens.split(batch)]
        return torch.cat(parts).clamp(0.0, 1.0)
