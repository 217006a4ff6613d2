"""Splitting windows into trend, seasonal and coarse seasonal parts (paper section 4.2, after FEDformer)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from timemar.resampling import area_matrix, linear_matrix


@dataclass(frozen=True)
class Components:
    """The parts of windows, each (B, T, D): `trend` + `seasonal` is the window, `coarse` a smooth version of `seasonal`."""

    trend: Tensor
    seasonal: Tensor
    coarse: Tensor

    @property
    def window(self) -> Tensor:
        """X = T + S, (B, T, D)."""
        return self.trend + self.seasonal


def default_kernels(length: int) -> tuple[int, ...]:
    """Odd moving-average widths for windows of T=`length`, the widest about T/2; (3, 5, 9, 13) at T = 24."""
    widths = {2 * int(length * share / 2) + 1 for share in (1 / 8, 1 / 5, 3 / 8, 1 / 2)}
    return tuple(sorted(width for width in widths if width >= 3)) or (3,)


def moving_average(x: Tensor, width: int) -> Tensor:
    """Stride-1 moving average of x (B, T, D) over time, edges replicated; an even width reaches one step further back."""
    front, end = width - 1 - (width - 1) // 2, (width - 1) // 2
    padded = functional.pad(x.transpose(1, 2), (front, end), mode="replicate")
    return functional.avg_pool1d(padded, width, stride=1).transpose(1, 2)


class MovingAverageMixture(nn.Module):
    """Trend as a mixture of moving averages, weighted element by element by a softmax of a linear map of the value.

    Paper section 4.2: X_t = Softmax(L(X)) · F(X), X_s = X − X_t. The map L is one Linear(1 → kernels) on each scalar.
    """

    def __init__(self, kernels: tuple[int, ...]) -> None:
        super().__init__()
        self.kernels = kernels
        self.weigh = nn.Linear(1, len(kernels))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Trend and seasonal part, each (B, T, D), of x (B, T, D); they add up to x."""
        weights = torch.softmax(self.weigh(x[..., None]), dim=-1)
        averages = torch.stack([moving_average(x, width) for width in self.kernels], dim=-1)
        trend = (weights * averages).sum(dim=-1)
        return trend, x - trend


class CoarseSeasonal(nn.Module):
    """X_c = Upsample(Downsample(X_s)): averages of `factor` steps, interpolated back linearly (the form is ours)."""

    smoother: Tensor

    def __init__(self, length: int, factor: int) -> None:
        super().__init__()
        self.length, self.bins = length, max(1, length // factor)
        self.register_buffer("smoother", torch.empty(length, length), persistent=False)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Write the constant matrix; nothing is drawn."""
        del rng
        self.smoother.copy_(area_matrix(self.length, self.bins) @ linear_matrix(self.bins, self.length))

    def forward(self, seasonal: Tensor) -> Tensor:
        """The smooth version, (B, T, D), of a seasonal part (B, T, D)."""
        return torch.einsum("bsd,st->btd", seasonal, self.smoother)
