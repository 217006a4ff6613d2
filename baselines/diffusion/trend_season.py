"""The transformer that adds up trend and season, which Diffusion-TS and FlowTS share (Yuan and Qiao 2024, section 3)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.diffusion.layers import narrow_convolution, shifted_sum
from baselines.diffusion.transformer import CrossAttention, EncoderBlock, FeedForward, Match, SelfAttention
from benchmark.errors import UserError
from benchmark.training.kernels import conv1d

_DEGREE = 3


class Sizes(NamedTuple):
    """Model width C, heads, blocks of encoder and decoder, width of the season's convolution."""

    width: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    season_kernel: int


def check_season_kernel(owner: str, kernel: int, length: int) -> None:
    """Raise UserError for a width of the season's convolution that windows (T=length) cannot be padded for."""
    if kernel % 2 == 0 or kernel > length:
        raise UserError(f"{owner}'s season_kernel is {kernel}; windows of T = {length} need an odd one up to T.")


class Basis(nn.Module):
    """Fixed functions of time: powers ((i + 1) / (T + 1))^p, p = 1, 2, 3, and the waves of all bins but 0 and Nyquist's.

    `waves` (2 F, T) holds cos(2π f i / T), then −sin, of the bins f = 1 … F: its product with a series is the real and the
    imaginary part of the discrete Fourier transform.
    """

    powers: Tensor
    waves: Tensor

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length, self.bins = length, (length - 1) // 2
        self.register_buffer("powers", torch.empty(_DEGREE, length), persistent=False)
        self.register_buffer("waves", torch.empty(2 * self.bins, length), persistent=False)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Tabulate both, in float64."""
        del rng
        time = torch.arange(self.length, dtype=torch.float64)
        self.powers.copy_(torch.stack([((time + 1) / (self.length + 1)) ** p for p in range(1, _DEGREE + 1)]))
        angle = 2 * math.pi / self.length * (torch.arange(1, self.bins + 1)[:, None] * time % self.length)
        self.waves.copy_(torch.cat((angle.cos(), -angle.sin())))

    def strongest(self, transform: Tensor) -> Tensor:
        """`transform` (B, 2 F, C) with all but the ⌊ln F⌋ strongest bins (at least one) of each channel set to zero."""
        if not self.bins:
            return transform
        kept = max(1, int(math.log(self.bins)))
        real, imaginary = transform.detach().chunk(2, dim=1)
        power = torch.addcmul(real * real, imaginary, imaginary)
        rest = power
        for _ in range(kept - 1):  # comparing in place keeps float32, which is quicker
            rest = rest * rest.clone().lt_(rest.amax(dim=1, keepdim=True))
        mask = power.clone().ge_(rest.amax(dim=1, keepdim=True))
        return (transform.unflatten(1, (2, -1)) * mask[:, None]).flatten(1, 2)

    def season(self, transform: Tensor) -> Tensor:
        """The series (B, T, C) 2 Σ |X_f| cos(2π f i / T + arg X_f) of transforms X (B, 2 F, C); not divided by T."""
        return 2 * self.waves.t() @ transform

    def trend(self, coefficients: Tensor) -> Tensor:
        """The polynomials (B, T, C) of coefficients (B, 3, C)."""
        return self.powers.t() @ coefficients


class DecoderBlock(nn.Module):
    """Both attentions, then what the stream says of trend, season and mean, then the feed-forward part.

    A 1 × 1 convolution with time as channels gives two series; the first is folded to three coefficients of a polynomial, the
    second keeps its strongest frequencies. What follows the convolution is linear up to the GELU and the choice of bins, so
    its weights are multiplied with the convolution's and the two series are never made.
    """

    def __init__(self, length: int, features: int, sizes: Sizes, match: Match, cross_match: Match) -> None:
        super().__init__()
        width, heads = sizes.width, sizes.heads
        self.attention = SelfAttention(width, heads, match)
        self.cross = CrossAttention(width, heads, cross_match)
        self.split = nn.Conv1d(length, 2 * length, 1)
        self.fold = nn.Conv1d(length, _DEGREE, 3, padding=1)
        self.coefficients = nn.Conv1d(width, features, 3, padding=1)
        self.feed_forward = FeedForward(width)
        self.level = nn.Linear(width, features)

    def forward(self, x: Tensor, encoded: Tensor, code: Tensor, basis: Basis) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The stream (B, T, C) less its mean, the mean's level (B, 1, D), trend (B, 3, D) and season (B, 2 F, C)."""
        x = self.cross(self.attention(x, code), encoded, code)
        rows, offsets = self.projection(basis)
        folded, transform = self.folded(torch.matmul(rows, x) + offsets[:, None])
        coefficients = narrow_convolution(folded, self.coefficients.weight, self.coefficients.bias)  # type: ignore[arg-type]
        x = self.feed_forward(x)
        mean = x.new_full((1, x.shape[1]), 1 / x.shape[1]) @ x  # a product is quicker than a sum along this axis
        return x - mean, self.level(mean), coefficients, basis.strongest(transform)

    def projection(self, basis: Basis) -> tuple[Tensor, Tensor]:
        """What the stream is multiplied with along time, and what is added: rows (9 + 2 F, T) and offsets (9 + 2 F)."""
        taps = self.fold.weight.transpose(1, 2).flatten(0, 1)  # a row for each coefficient and tap
        trend, season = self.split.weight[:, :, 0].chunk(2)
        trend_bias, season_bias = self.split.bias.chunk(2)  # type: ignore[union-attr]
        rows = torch.cat((taps @ trend, basis.waves @ season))
        return rows, torch.cat((taps @ trend_bias, basis.waves @ season_bias))

    def folded(self, made: Tensor) -> tuple[Tensor, Tensor]:
        """The trend's folded series (B, 3, C) and the season's transform (B, 2 F, C) of the projected stream (B, 9 + 2 F, C)."""
        taps = 3 * _DEGREE
        folded = shifted_sum(made[:, :taps].unflatten(1, (_DEGREE, 3)).unbind(dim=2), dim=2)
        return functional.gelu(folded + self.fold.bias[:, None]), made[:, taps:]  # type: ignore[index]


class Head(nn.Module):
    """Windows from the decoder's last stream, and from the sums of its levels, trends and seasons.

    The official sum adds the mean over time of the last stream's windows to the trend and takes it from the season; it cancels.
    """

    def __init__(self, features: int, width: int, layers: int, season_kernel: int) -> None:
        super().__init__()
        self.rest = nn.Conv1d(width, features, 3, padding=1)
        self.season = nn.Conv1d(width, features, season_kernel, bias=False)
        self.levels = nn.Conv1d(layers, 1, 1, bias=False)

    def forward(self, x: Tensor, levels: Tensor, trend: Tensor, season: Tensor) -> Tensor:
        """Windows (B, T, D) of the stream (B, T, C), levels (B, layers, D), trend (B, T, D) and season (B, T, C)."""
        side = (self.season.kernel_size[0] - 1) // 2
        if side:
            season = torch.cat((season[:, -side:], season, season[:, :side]), dim=1)
        rest = narrow_convolution(x, self.rest.weight, self.rest.bias)  # type: ignore[arg-type]
        return rest + trend + conv1d(season, self.season.weight) + self.levels.weight[0].t() @ levels


class TrendSeasonNetwork(nn.Module):
    """Windows (B, T, D) of noisy ones and their times, as the sum of trend and season, for windows (T=length, D=features).

    A model says how the time is told (`code`), how the streams of encoder and decoder learn of positions, and what its
    attentions do to queries and keys (`match`, `cross_match`).
    """

    def __init__(
        self,
        length: int,
        features: int,
        sizes: Sizes,
        *,
        code: nn.Module,
        positions: Callable[[], nn.Module],
        match: Match,
        cross_match: Match,
    ) -> None:
        super().__init__()
        self.code = code
        self.basis = Basis(length)
        self.embed = nn.Conv1d(features, sizes.width, 3, padding=1)
        self.encoder_positions = positions()
        self.decoder_positions = positions()
        self.encoder = nn.ModuleList(EncoderBlock(sizes.width, sizes.heads, match) for _ in range(sizes.encoder_layers))
        self.decoder = nn.ModuleList(
            DecoderBlock(length, features, sizes, match, cross_match) for _ in range(sizes.decoder_layers)
        )
        self.head = Head(features, sizes.width, sizes.decoder_layers, sizes.season_kernel)

    def forward(self, noisy: Tensor, times: Tensor) -> Tensor:
        """Windows (B, T, D) of noisy ones at times (B,), or (1,) for one time of the whole batch."""
        code = self.code(times)
        embedded = conv1d(functional.pad(noisy, (0, 0, 1, 1)), self.embed.weight, self.embed.bias)
        encoded = self.encoder_positions(embedded)
        for block in self.encoder:
            encoded = block(encoded, code)
        x = self.decoder_positions(embedded)
        made: list[tuple[Tensor, Tensor, Tensor]] = []
        for block in self.decoder:
            x, *parts = block(x, encoded, code, self.basis)
            made.append(tuple(parts))
        levels, coefficients, transforms = zip(*made, strict=True)
        trend = self.basis.trend(_sum(coefficients))
        return self.head(x, torch.cat(levels, dim=1), trend, self.basis.season(_sum(transforms)))


def _sum(parts: tuple[Tensor, ...]) -> Tensor:
    return sum(parts[1:], start=parts[0])
