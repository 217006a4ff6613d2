"""Layers that the diffusion models share: attention, step embeddings, convolutions with few outputs; x is (B, T, C)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.training import SeededDropout
from benchmark.training.kernels import Linear, linear

_FUSED_FROM = 48
"""Steps from which PyTorch's fused attention is faster on the CPU than matrix products and a softmax."""
_LEAST = 2.0**-60
"""Sums of powers above it and below its inverse are far from the bounds of float32, as are their products with values."""


def attend(query: Tensor, key: Tensor, value: Tensor, heads: int, drop: SeededDropout | None = None) -> Tensor:
    """Attention without mask (Vaswani et al. 2017, equation 1): query (B, T, C), key and value (B, L, C); gives (B, T, C).

    `drop` acts on the attention weights; the fused attention would draw it from the global random state.
    """
    plain = drop is None or not drop.training or drop.p == 0
    if plain and (query.device.type != "cpu" or key.shape[1] >= _FUSED_FROM):
        parts = [part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (query, key, value)]
        return functional.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(2)
    if plain and not torch.is_grad_enabled():
        return _read(query, key, value, heads)
    scale, unused = math.sqrt(heads / query.shape[2]), query.new_zeros(1, 1, 1)
    made = []
    # Head by head: its channels are a view that a batched product takes as it is.
    for q, k, v in zip(*(part.chunk(heads, dim=2) for part in (query, key, value)), strict=True):
        weights = torch.baddbmm(unused, q, k.transpose(1, 2), beta=0, alpha=scale).softmax(dim=2)
        made.append(torch.bmm(weights if drop is None else drop(weights), v))
    return torch.cat(made, dim=2)


def _read(query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
    """The attention of `attend` without gradient, by one exponential for all heads.

    Powers of two are five times as fast as exponentials on the CPU, and sums over keys are quick where the keys are not
    innermost. The largest score is not subtracted: where powers leave the range of float32, which their sums show, softmax is
    used.
    """
    weights = _scores(query, key, heads, math.log2(math.e)).exp2_()
    sums = weights.sum(dim=2)
    least, most = torch.aminmax(sums)
    if not _LEAST < float(least) <= float(most) < 1 / _LEAST:
        weights = _scores(query, key, heads, 1.0).softmax(dim=2)
        sums = torch.ones_like(sums)
    made = query.new_empty((heads, *query.shape[:2], query.shape[2] // heads))
    by_head = zip(weights.transpose(2, 3).unbind(), value.chunk(heads, dim=2), made.unbind(), strict=True)
    for weight, v, part in by_head:
        torch.bmm(weight, v, out=part)
    return torch.cat(made.div_(sums[..., None]).unbind(), dim=2)


def _scores(query: Tensor, key: Tensor, heads: int, unit: float) -> Tensor:
    """Scores (heads, B, L, T), in multiples of 1 / `unit`, of queries (B, T, C) and keys (B, L, C)."""
    by_channel = query.unflatten(2, (heads, -1)).permute(2, 0, 3, 1)
    scores = query.new_empty((heads, len(query), key.shape[1], query.shape[1]))
    # Head by head: its channels are a view that a batched product takes as it is.
    for q, k, score in zip(by_channel.unbind(), key.chunk(heads, dim=2), scores.unbind(), strict=True):
        score.baddbmm_(k, q, beta=0, alpha=unit / math.sqrt(by_channel.shape[2]))
    return scores


class KaimingLinear(Linear):
    """A linear map whose weights are at first Kaiming-normal (a 1 × 1 convolution of DiffWave), or zero."""

    def __init__(self, inputs: int, outputs: int, *, zero: bool = False) -> None:
        super().__init__(inputs, outputs)
        self.zero = zero

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Weights N(0, 2 / inputs) or 0; the bias keeps PyTorch's distribution."""
        if self.zero:
            nn.init.zeros_(self.weight)
        else:
            nn.init.kaiming_normal_(self.weight, generator=rng)


class StepEmbedding(nn.Module):
    """DiffWave's code of a diffusion step: sines and cosines of t · 10^(4k/63), k = 0 … 63, and two layers with SiLU.

    `scale` multiplies t, so that the steps of any schedule spread over those of the official one.
    """

    table: Tensor

    def __init__(self, steps: int, width: int, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale
        self.register_buffer("table", torch.empty(steps, 128), persistent=False)
        self.first = nn.Linear(128, width)
        self.second = nn.Linear(width, width)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Tabulate the sines and cosines, in float64."""
        del rng
        frequency = 10.0 ** (torch.arange(64, dtype=torch.float64) * 4 / 63)
        angle = self.scale * torch.arange(len(self.table), dtype=torch.float64)[:, None] * frequency
        self.table.copy_(torch.cat((angle.sin(), angle.cos()), dim=1))

    def forward(self, steps: Tensor) -> Tensor:
        """Codes (B, width) of steps (B,)."""
        return functional.silu(self.second(functional.silu(self.first(self.table[steps]))))


def gated(x: Tensor) -> Tensor:
    """sigmoid(first half) · tanh(second half) of the channels of x (…, 2 C)."""
    gate, value = x.chunk(2, dim=-1)
    return gate.sigmoid() * value.tanh()


def narrow_convolution(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The convolution (B, T, C') of x (B, T, C) with zero padding and weight (C', C, odd width).

    Multiplies before it shifts, so that the steps a tap sees are not copied side by side: for few outputs.
    """
    outputs, _, width = weight.shape
    taps = linear(x, weight.permute(2, 0, 1).flatten(0, 1))
    return shifted_sum(taps.unflatten(2, (width, outputs)).unbind(dim=2), dim=1) + bias


def shifted_sum(taps: Sequence[Tensor], dim: int) -> Tensor:
    """The sum of an odd number of tensors, each shifted along `dim` by its distance from the middle one."""
    side, length = len(taps) // 2, taps[0].shape[dim]
    made = taps[side].clone()
    for shift in range(1, side + 1):
        kept = length - shift
        made.narrow(dim, shift, kept).add_(taps[side - shift].narrow(dim, 0, kept))
        made.narrow(dim, 0, kept).add_(taps[side + shift].narrow(dim, shift, kept))
    return made
