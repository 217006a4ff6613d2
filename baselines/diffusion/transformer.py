"""A transformer's blocks told the time by adaptive norms, which Diffusion-TS and FlowTS share; x is (B, T, C).

A `Match` makes what an attention does to its queries and keys before they meet; `Unmatched` does nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.diffusion.layers import attend
from benchmark.training.kernels import Linear

Match = Callable[[int, int], nn.Module]
"""A module of queries (B, T, C) and keys (B, L, C), which returns both, by the width C and the number of heads."""


def sinusoids(times: Tensor, width: int) -> Tensor:
    """Sines, then cosines (S, C) of times (S,) at frequencies exp(−k ln 10,000 / (C/2 − 1)), k = 0 … C/2 − 1."""
    half = width // 2
    frequency = torch.exp(torch.arange(half, device=times.device) * (-math.log(10_000) / (half - 1)))
    angle = times[:, None] * frequency
    return torch.cat((angle.sin(), angle.cos()), dim=1)


class Unmatched(nn.Module):
    """Queries and keys as they are."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        del width, heads

    def forward(self, query: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """Both."""
        return query, key


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

    def __init__(self, width: int, heads: int, match: Match) -> None:
        super().__init__()
        self.heads = heads
        self.norm = AdaptiveNorm(width)
        self.qkv = Linear(width, 3 * width)
        self.out = Linear(width, width)
        self.match = match(width, heads)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """The sum of x (B, T, C) and what it reads from itself."""
        query, key, value = self.qkv(self.norm(x, code)).chunk(3, dim=-1)
        query, key = self.match(query, key)
        return x + self.out(attend(query, key, value, self.heads))


class CrossAttention(nn.Module):
    """Attention of a normalised stream to the encoder's output, added to it."""

    def __init__(self, width: int, heads: int, match: Match) -> None:
        super().__init__()
        self.heads = heads
        self.norm = AdaptiveNorm(width)
        self.query = Linear(width, width)
        self.kv = Linear(width, 2 * width)
        self.out = Linear(width, width)
        self.match = match(width, heads)

    def forward(self, x: Tensor, encoded: Tensor, code: Tensor) -> Tensor:
        """The sum of x (B, T, C) and what it reads from `encoded` (B, T, C)."""
        key, value = self.kv(encoded).chunk(2, dim=-1)
        query, key = self.match(self.query(self.norm(x, code)), key)
        return x + self.out(attend(query, key, value, self.heads))


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

    def __init__(self, width: int, heads: int, match: Match) -> None:
        super().__init__()
        self.attention = SelfAttention(width, heads, match)
        self.feed_forward = FeedForward(width)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """One block on x (B, T, C)."""
        return self.feed_forward(self.attention(x, code))
