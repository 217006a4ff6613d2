"""FlowTS's velocity network: the transformer of trend and season without position tables, its queries and keys normalised."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.diffusion.transformer import sinusoids
from baselines.diffusion.trend_season import Sizes, TrendSeasonNetwork

_TIME_SCALE = 1000.0  # times in [0, 1] spread over the frequencies made for a thousand diffusion steps
_KEPT = 0.1
_EPSILON = 1e-6
_THETA = 50_000.0


class TimeCode(nn.Module):
    """SiLU of sinusoids of 1,000 times the time, sines first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, times: Tensor) -> Tensor:
        """Codes (B, C) of times (B,) in [0, 1]."""
        return functional.silu(sinusoids(_TIME_SCALE * times, self.width))


class _Normalise(torch.autograd.Function):
    """u (B, T, C) as g · u / rms(u) + u / 10, its gradient in three passes over the tensor."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, gain: Tensor) -> Tensor:
        inverse = (torch.linalg.vector_norm(x, dim=-1, keepdim=True).square() / x.shape[-1] + _EPSILON).rsqrt()
        factor = torch.addcmul(gain.new_full((), _KEPT), inverse, gain)
        ctx.save_for_backward(x, gain, inverse, factor)
        return x * factor

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        x, gain, inverse, factor = ctx.saved_tensors
        product = gradients[0] * x
        through_rms = (product @ gain)[..., None] * inverse**3 / -x.shape[-1]
        d_gain = inverse.flatten() @ product.flatten(0, -2)
        return torch.addcmul(gradients[0] * factor, x, through_rms), d_gain


class NormalisedPair(nn.Module):
    """Queries and keys u as g · u / rms(u) + u / 10, with gains g of their own; the rms is over all C channels, not a head's."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        del heads
        self.gains = nn.Parameter(torch.empty(2, width))

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Gains 1."""
        del rng
        self.gains.fill_(1.0)

    def forward(self, query: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """Both normalised, shapes kept."""
        pairs = zip((query, key), self.gains, strict=True)
        query, key = (_Normalise.apply(x, gain) for x, gain in pairs)  # type: ignore[no-untyped-call]
        return query, key


class RotatedPair(nn.Module):
    """`NormalisedPair`, then rotary positions (Su et al. 2021): position p turns channels 2j, 2j + 1 of a head by p θ^(−2j/e).

    θ is 50,000 and e the width of a head; queries and keys both have T steps.
    """

    turns: Tensor

    def __init__(self, length: int, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.normalise = NormalisedPair(width, heads)
        self.register_buffer("turns", torch.empty(length, width // 2, dtype=torch.complex64), persistent=False)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Tabulate the turns (T, C / 2) as complex numbers, in float64."""
        del rng
        length, pairs = self.turns.shape
        of_head = pairs // self.heads
        frequency = torch.exp(torch.arange(of_head, dtype=torch.float64) * (-math.log(_THETA) / of_head))
        angle = torch.arange(length, dtype=torch.float64)[:, None] * frequency.repeat(self.heads)
        self.turns.copy_(torch.polar(torch.ones_like(angle), angle))

    def forward(self, query: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """Both normalised and turned."""
        query, key = self.normalise(query, key)
        return self._turned(query), self._turned(key)

    def _turned(self, x: Tensor) -> Tensor:
        pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)))
        return torch.view_as_real(pairs * self.turns).flatten(-2)


class FlowTSNetwork(TrendSeasonNetwork):
    """The velocity (B, T, D) at points (B, T, D) and times (B,) in [0, 1], for windows (T=length, D=features)."""

    def __init__(self, length: int, features: int, sizes: Sizes) -> None:
        super().__init__(
            length,
            features,
            sizes,
            code=TimeCode(sizes.width),
            positions=nn.Identity,
            match=NormalisedPair,
            cross_match=partial(RotatedPair, length),
        )
