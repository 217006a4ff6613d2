"""SDformer's stage 2 network: a pre-norm transformer over tokens (Chen et al. 2024; sizes of the official code)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from benchmark.training.kernels import Linear
from benchmark.training.transformer import Block, KeyValueCache, TransformerSizes, reset_weights


class AttentionDropoutBlock(Block):
    """A block that drops shares of attention too."""

    def attend(self, query: Tensor, key: Tensor, value: Tensor, *, causal: bool) -> Tensor:
        """Attention (B, heads, n, C / heads); the fused kernel would draw its dropout from the global random state."""
        if not self.training or self.drop.p == 0:
            return super().attend(query, key, value, causal=causal)
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        if causal:
            future = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
            scores = scores.masked_fill(future, float("-inf"))
        return self.drop(scores.softmax(dim=-1)) @ value


class TokenTransformer(nn.Module):
    """Logits over V codes at every position; the input alphabet has one sign more, of index V ([BOS] or [MASK]).

    `sizes.layers` counts the blocks of each of two stacks in a row, as the official option does. Positions are fixed
    sinusoids; the official class also holds a learned table (L, C) that its forward pass never reads, which is left out here.
    """

    positions: Tensor

    def __init__(self, vocab_size: int, length: int, sizes: TransformerSizes, *, causal: bool) -> None:
        super().__init__()
        self.vocab_size, self.length, self.causal = vocab_size, length, causal
        self.embed = nn.Embedding(vocab_size + 1, sizes.embed_dim)
        self.blocks = nn.ModuleList(AttentionDropoutBlock(sizes) for _ in range(2 * sizes.layers))
        self.norm = nn.LayerNorm(sizes.embed_dim)
        self.head = Linear(sizes.embed_dim, vocab_size, bias=False)
        self.register_buffer("positions", torch.empty(length, sizes.embed_dim), persistent=False)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Weights N(0, 0.02²), biases 0; sinusoids of base 10,000, sines on even channels, cosines on odd ones."""
        reset_weights(self, rng)
        length, width = self.positions.shape
        frequency = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000) / width))
        angle = torch.arange(length)[:, None] * frequency
        self.positions[:, 0::2], self.positions[:, 1::2] = angle.sin(), angle.cos()

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (B, n, V) at every position of inputs (B, n), n ≤ L."""
        x = self.embed(inputs) + self.positions[: inputs.shape[1]]
        for block in self.blocks:
            x = block(x, causal=self.causal)
        return self.head(self.norm(x))

    def decode_step(self, inputs: Tensor, position: int, cache: KeyValueCache) -> Tensor:
        """Logits (B, V) after the input (B) at `position`, whose keys and values join the cache."""
        x = (self.embed(inputs) + self.positions[position])[:, None]
        for index, block in enumerate(self.blocks):
            x = block(x, causal=True, index=index, cache=cache)
        return self.head(self.norm(x))[:, 0]
