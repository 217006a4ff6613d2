"""Diffusion-TS's denoiser: a transformer whose decoder adds up trend and season (Yuan and Qiao 2024, section 3)."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.diffusion.layers import attend, narrow_convolution, shifted_sum
from benchmark.training.kernels import Linear, conv1d

_DEGREE = 3


class Sizes(NamedTuple):
    """Model width C, heads, blocks of encoder and decoder, width of the season's convolution, diffusion steps S."""

    width: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    season_kernel: int
    diffusion_steps: int


class Positions(nn.Module):
    """A learned table (T, C) that is added to the stream, at first uniform in ±0.02."""

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.empty(length, width))

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Uniform in ±0.02."""
        self.table.uniform_(-0.02, 0.02, generator=rng)

    def forward(self, x: Tensor) -> Tensor:
        """The sum of x (B, T, C) and the table."""
        return x + self.table


class StepCode(nn.Module):
    """SiLU of sinusoids of the diffusion step, sines first: rows of a table (S, C)."""

    table: Tensor

    def __init__(self, steps: int, width: int) -> None:
        super().__init__()
        self.register_buffer("table", torch.empty(steps, width), persistent=False)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Tabulate frequencies exp(−k ln 10,000 / (C/2 − 1)), k = 0 … C/2 − 1."""
        del rng
        steps, width = self.table.shape
        half = width // 2
        frequency = torch.exp(torch.arange(half) * (-math.log(10_000) / (half - 1)))
        angle = torch.arange(steps)[:, None] * frequency
        self.table.copy_(functional.silu(torch.cat((angle.sin(), angle.cos()), dim=1)))

    def forward(self, steps: Tensor) -> Tensor:
        """Codes (B, C) of steps (B,)."""
        return self.table[steps]


class AdaptiveNorm(nn.Module):
    """LayerNorm scaled and shifted by a linear map of the step's code: LN(x) · (1 + scale) + shift."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.map = nn.Linear(width, 2 * width)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """Normalised x (B, T, C) for codes (B, C), or (1, C) for one step of the whole batch."""
        scale, shift = self.map(code)[:, None].chunk(2, dim=-1)
        return torch.addcmul(shift, functional.layer_norm(x, x.shape[-1:]), 1 + scale)


class SelfAttention(nn.Module):
    """Self-attention of a normalised stream, added to it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = AdaptiveNorm(width)
        self.qkv = Linear(width, 3 * width)
        self.out = Linear(width, width)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """The sum of x (B, T, C) and what it reads from itself."""
        query, key, value = self.qkv(self.norm(x, code)).chunk(3, dim=-1)
        return x + self.out(attend(query, key, value, self.heads))


class CrossAttention(nn.Module):
    """Attention of a normalised stream to the encoder's output, added to it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = AdaptiveNorm(width)
        self.query = Linear(width, width)
        self.kv = Linear(width, 2 * width)
        self.out = Linear(width, width)

    def forward(self, x: Tensor, encoded: Tensor, code: Tensor) -> Tensor:
        """The sum of x (B, T, C) and what it reads from `encoded` (B, T, C)."""
        key, value = self.kv(encoded).chunk(2, dim=-1)
        return x + self.out(attend(self.query(self.norm(x, code)), key, value, self.heads))


class FeedForward(nn.Module):
    """C → 4 C → GELU → C of the normalised stream, added to it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up_proj = Linear(width, 4 * width)
        self.down_proj = Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """The sum of x (B, T, C) and its map."""
        return x + self.down_proj(functional.gelu(self.up_proj(self.norm(x))))


class EncoderBlock(nn.Module):
    """Self-attention, then the feed-forward part."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = SelfAttention(width, heads)
        self.feed_forward = FeedForward(width)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """One block on x (B, T, C)."""
        return self.feed_forward(self.attention(x, code))


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
        """`transform` (B, 2 F, C) with all but the ⌊ln F⌋ strongest bins of each channel set to zero."""
        kept = int(math.log(self.bins))
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

    def __init__(self, length: int, features: int, width: int, heads: int) -> None:
        super().__init__()
        self.attention = SelfAttention(width, heads)
        self.cross = CrossAttention(width, heads)
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


class DiffusionTSNetwork(nn.Module):
    """x_0 of x_t and t, for windows (T=length, D=features)."""

    def __init__(self, length: int, features: int, sizes: Sizes) -> None:
        super().__init__()
        width, heads = sizes.width, sizes.heads
        self.code = StepCode(sizes.diffusion_steps, width)
        self.basis = Basis(length)
        self.embed = nn.Conv1d(features, width, 3, padding=1)
        self.encoder_positions = Positions(length, width)
        self.decoder_positions = Positions(length, width)
        self.encoder = nn.ModuleList(EncoderBlock(width, heads) for _ in range(sizes.encoder_layers))
        self.decoder = nn.ModuleList(DecoderBlock(length, features, width, heads) for _ in range(sizes.decoder_layers))
        self.head = Head(features, width, sizes.decoder_layers, sizes.season_kernel)

    def forward(self, noisy: Tensor, steps: Tensor) -> Tensor:
        """x_0 (B, T, D) of x_t (B, T, D) at steps (B,), or (1,) for one step of the whole batch."""
        code = self.code(steps)
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
