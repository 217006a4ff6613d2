"""TimeVAE's scale of the data: every step of every feature from 0 to 1 over the training windows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_LEAST_SPAN = 1e-7  # added to every range, as in the official code: a constant step is 0 inside


class StepScaler(nn.Module):
    """Min-max scaling of windows (B, T, D), the minimum and the range (T, D) taken at each step of each feature.

    Where a step varies little, as the first ones of Sines do (0.05 of the whole range), errors there count as much as elsewhere.
    """

    low: Tensor
    span: Tensor

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        self.register_buffer("low", torch.empty(length, features))
        self.register_buffer("span", torch.empty(length, features))

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Start as the identity; `fit` sets the ranges."""
        del rng
        self.low.zero_()
        self.span.fill_(1.0)

    def fit(self, windows: Tensor) -> None:
        """Take the minimum and the range over windows (N, T, D)."""
        self.low.copy_(windows.amin(dim=0))
        self.span.copy_(windows.amax(dim=0) - self.low + _LEAST_SPAN)

    def transform(self, windows: Tensor) -> Tensor:
        """Windows (B, T, D) in [0, 1] at every step, of windows in the data's units."""
        return (windows - self.low) / self.span

    def inverse_transform(self, scaled: Tensor) -> Tensor:
        """Windows (B, T, D) in the data's units; what lies outside [0, 1] stays outside the step's range."""
        return scaled * self.span + self.low
