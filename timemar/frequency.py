"""Frequency attention of the fine path (paper section 4.3): latents read from the spectrum of the seasonal part."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmark.training.kernels import Linear
from timemar.attention import CrossAttention


def spectrum(seasonal: Tensor, guard: float = 1e-3) -> Tensor:
    """Amplitude and phase of every rFFT bin of x (B, T, D): (B, bins, 3D), bins = T // 2 + 1.

    The phase is given by its cosine and sine, X / (|X| + guard): an angle jumps where the amplitude vanishes, these fade
    to 0 there (ours). The transform is orthonormal.
    """
    transform = torch.fft.rfft(seasonal, dim=1, norm="ortho")
    amplitude = transform.abs()
    direction = transform / (amplitude + guard)
    return torch.cat([amplitude, direction.real, direction.imag], dim=-1)


class FrequencyAttention(nn.Module):
    """H_time + attention from H_time to an embedding of the spectrum; the residual and the bin embedding are ours."""

    def __init__(self, length: int, features: int, channels: int) -> None:
        super().__init__()
        self.embed = nn.Sequential(Linear(3 * features, channels), nn.GELU(), Linear(channels, channels))
        self.bins = nn.Embedding(length // 2 + 1, channels)
        self.attention = CrossAttention(channels, channels)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Draw the embedding of the bins small, so that the spectrum is seen from the start."""
        nn.init.normal_(self.bins.weight, std=0.1, generator=rng)

    def forward(self, features: Tensor, seasonal: Tensor) -> Tensor:
        """Enriched latents (B, L, C) from convolutional latents (B, L, C) and the seasonal part (B, T, D).

        No gradient flows through the spectrum into the seasonal part: a phase has none worth following at amplitude 0.
        """
        frequencies = self.embed(spectrum(seasonal.detach())) + self.bins.weight
        return features + self.attention(features, frequencies)
