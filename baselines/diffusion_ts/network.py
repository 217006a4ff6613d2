"""Diffusion-TS's denoiser: the transformer of trend and season with learned positions and numbered diffusion steps."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.diffusion.transformer import Unmatched, sinusoids
from baselines.diffusion.trend_season import Sizes, TrendSeasonNetwork


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
        """Tabulate the codes of all steps."""
        del rng
        steps, width = self.table.shape
        self.table.copy_(functional.silu(sinusoids(torch.arange(steps), width)))

    def forward(self, steps: Tensor) -> Tensor:
        """Codes (B, C) of steps (B,)."""
        return self.table[steps]


class DiffusionTSNetwork(TrendSeasonNetwork):
    """x_0 of x_t and t (0 … `diffusion_steps` − 1), for windows (T=length, D=features)."""

    code: StepCode

    def __init__(self, length: int, features: int, sizes: Sizes, diffusion_steps: int) -> None:
        super().__init__(
            length,
            features,
            sizes,
            code=StepCode(diffusion_steps, sizes.width),
            positions=partial(Positions, length, sizes.width),
            match=Unmatched,
            cross_match=Unmatched,
        )
