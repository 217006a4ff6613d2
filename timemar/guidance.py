"""Coarse guidance of the fine decoder (paper sections 4.2 and 4.3): latents read from the decoded coarse part."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmark.training.kernels import Linear
from timemar.attention import CrossAttention


class CoarseGuidance(nn.Module):
    """ẑ_s + Attention(ẑ_s, Ĉ): queries from ẑ_s, keys and values from Ĉ; the residual and the positions are ours."""

    def __init__(self, length: int, latent_length: int, features: int, channels: int) -> None:
        super().__init__()
        self.embed = Linear(features, channels)
        self.steps = nn.Embedding(length, channels)
        self.positions = nn.Embedding(latent_length, channels)
        self.attention = CrossAttention(channels, channels)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Draw both position embeddings small."""
        nn.init.normal_(self.steps.weight, std=0.1, generator=rng)
        nn.init.normal_(self.positions.weight, std=0.1, generator=rng)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Guided latents (B, L, C) from fine latents (B, L, C) and the decoded coarse seasonal part (B, T, D)."""
        source = self.embed(coarse) + self.steps.weight
        return fine + self.attention(fine + self.positions.weight, source)
