"""DiffTime's denoiser, which is CSDI's without conditioning: attention over time, then over features (Tashiro et al. 2021).

Inside, windows are (B, D, T, C): every value of a window has C channels.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.diffusion.layers import KaimingLinear, StepEmbedding, attend, gated
from benchmark.training import SeededDropout
from benchmark.training.kernels import Linear

_TIME_WIDTH = 128
_STEP_WIDTH = 128


class Sizes(NamedTuple):
    """Channels C, residual layers, heads, width of a feature's embedding, dropout, diffusion steps S."""

    channels: int
    layers: int
    heads: int
    feature_width: int
    dropout: float
    diffusion_steps: int


class EncoderLayer(nn.Module):
    """A post-norm transformer layer with GELU and a feed-forward part as wide as the stream (B, n, C)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = QKV(width, 3 * width)
        self.out = ZeroBiasLinear(width, width)
        self.norm1 = nn.LayerNorm(width)
        self.up_proj = Linear(width, width)
        self.down_proj = Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.drop = SeededDropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """One layer on x (B, n, C)."""
        query, key, value = self.qkv(x).chunk(3, dim=-1)
        x = self.norm1(x + self.drop(self.out(attend(query, key, value, self.heads, self.drop))))
        return self.norm2(x + self.drop(self.down_proj(self.drop(functional.gelu(self.up_proj(x))))))


class ZeroBiasLinear(Linear):
    """A linear map whose bias is at first zero, as that behind PyTorch's attention."""

    def seeded_reset(self, rng: torch.Generator) -> None:
        """The bias 0; weights keep PyTorch's distribution."""
        del rng
        nn.init.zeros_(self.bias)


class QKV(Linear):
    """Query, key and value maps side by side, at first as in PyTorch's attention: Glorot-uniform as one matrix, bias 0."""

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Glorot-uniform weights, bias 0."""
        nn.init.xavier_uniform_(self.weight, generator=rng)
        nn.init.zeros_(self.bias)


class SideInformation(nn.Module):
    """The position of a value: sinusoids of its time and a learned embedding of its feature, (D, T, 128 + E)."""

    times: Tensor

    def __init__(self, length: int, features: int, width: int) -> None:
        super().__init__()
        self.features = nn.Embedding(features, width)
        self.register_buffer("times", torch.empty(length, _TIME_WIDTH), persistent=False)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Tabulate sines on even and cosines on odd channels, base 10,000."""
        del rng
        length, width = self.times.shape
        angle = torch.arange(length)[:, None] / 10_000.0 ** (torch.arange(0, width, 2) / width)
        self.times[:, 0::2], self.times[:, 1::2] = angle.sin(), angle.cos()

    def forward(self) -> Tensor:
        """The table (D, T, 128 + E), the same for all windows."""
        table, length = self.features.weight, len(self.times)
        return torch.cat((self.times.expand(len(table), -1, -1), table[:, None].expand(-1, length, -1)), dim=2)


class ResidualLayer(nn.Module):
    """Both transformer layers, the side information, a gate, and shares for the stream and the skip."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        channels = sizes.channels
        self.code = nn.Linear(_STEP_WIDTH, channels)
        self.over_time = EncoderLayer(channels, sizes.heads, sizes.dropout)
        self.over_features = EncoderLayer(channels, sizes.heads, sizes.dropout)
        self.middle = KaimingLinear(channels, 2 * channels)
        self.side = KaimingLinear(_TIME_WIDTH + sizes.feature_width, 2 * channels)
        self.out = KaimingLinear(channels, 2 * channels)

    def forward(self, x: Tensor, code: Tensor, side: Tensor) -> tuple[Tensor, Tensor]:
        """The next stream and the skip, both (B, D, T, C), of x, codes (B or 1, 128) and the table of side information."""
        batch, features, length, _ = x.shape
        y = x + self.code(code)[:, None, None]
        # As CSDI does, neither layer is run over a single value: its weights stay as they began.
        if length > 1:
            y = self.over_time(y.flatten(0, 1)).unflatten(0, (batch, features))
        if features > 1:
            y = self.over_features(y.transpose(1, 2).flatten(0, 1)).unflatten(0, (batch, length)).transpose(1, 2)
        residual, skip = self.out(gated(self.middle(y) + self.side(side))).chunk(2, dim=-1)
        return (x + residual) * math.sqrt(0.5), skip


class DiffTimeNetwork(nn.Module):
    """The noise ε in x_t at step t, for windows (T=length, D=features)."""

    def __init__(self, length: int, features: int, sizes: Sizes) -> None:
        super().__init__()
        channels = sizes.channels
        self.embedding = StepEmbedding(sizes.diffusion_steps, _STEP_WIDTH)
        self.side = SideInformation(length, features, sizes.feature_width)
        self.input = KaimingLinear(1, channels)
        self.layers = nn.ModuleList(ResidualLayer(sizes) for _ in range(sizes.layers))
        self.skip = KaimingLinear(channels, channels)
        self.output = KaimingLinear(channels, 1, zero=True)

    def forward(self, noisy: Tensor, steps: Tensor) -> Tensor:
        """ε (B, T, D) of x_t (B, T, D) at steps (B,), or (1,) for one step of the whole batch."""
        code, side = self.embedding(steps), self.side()
        x = functional.relu(self.input(noisy.transpose(1, 2)[..., None]))
        total = torch.zeros_like(x)  # summed as they come: kept, a layer's skip would hold twice its own memory
        for layer in self.layers:
            x, skip = layer(x, code, side)
            total = total + skip
        mean = total * math.sqrt(1 / len(self.layers))
        return self.output(functional.relu(self.skip(mean)))[..., 0].transpose(1, 2)
