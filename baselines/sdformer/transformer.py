"""SDformer's stage 2 network: a pre-norm transformer over tokens (Chen et al. 2024; sizes of the official code)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.training import SeededDropout
from benchmark.training.kernels import Linear


@dataclass(frozen=True)
class TransformerSizes:
    """Sizes of stage 2; `layers` counts the blocks of each of two stacks in a row, as the official option does."""

    embed_dim: int
    layers: int
    heads: int
    fc_rate: int
    dropout: float


class KeyValueCache:
    """Keys and values of the positions seen so far, one pair (B, heads, n, C / heads) a block."""

    def __init__(self) -> None:
        self.pairs: dict[int, tuple[Tensor, Tensor]] = {}

    def extend(self, block: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values of `block`, the new ones last."""
        if block in self.pairs:
            old_key, old_value = self.pairs[block]
            key, value = torch.cat([old_key, key], dim=2), torch.cat([old_value, value], dim=2)
        self.pairs[block] = key, value
        return key, value

    def select(self, rows: Tensor) -> None:
        """Keep the given rows of the batch, in their order and as often as they occur."""
        self.pairs = {block: (key[rows], value[rows]) for block, (key, value) in self.pairs.items()}


class Block(nn.Module):
    """Self-attention and a feed-forward layer, each after a LayerNorm and added to the stream (B, n, C)."""

    def __init__(self, sizes: TransformerSizes) -> None:
        super().__init__()
        width = sizes.embed_dim
        self.heads = sizes.heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = Linear(width, 3 * width)
        self.out = Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.up_proj = Linear(width, sizes.fc_rate * width)
        self.down_proj = Linear(sizes.fc_rate * width, width)
        self.drop = SeededDropout(sizes.dropout)

    def forward(self, x: Tensor, *, causal: bool, index: int = 0, cache: KeyValueCache | None = None) -> Tensor:
        """One block on x (B, n, C), of the same shape; with a cache, x holds the newest position only."""
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, dim=-1)
        )
        if cache is not None:
            key, value = cache.extend(index, key, value)
        read = self._attend(query, key, value, causal=causal and cache is None)
        x = x + self.drop(self.out(read.transpose(1, 2).flatten(2)))
        return x + self.drop(self.down_proj(functional.gelu(self.up_proj(self.norm2(x)))))

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, *, causal: bool) -> Tensor:
        """Attention (B, heads, n, C / heads); the fused kernel would draw its dropout from the global random state."""
        if not self.training or self.drop.p == 0:
            return functional.scaled_dot_product_attention(query, key, value, is_causal=causal)
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        if causal:
            future = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
            scores = scores.masked_fill(future, float("-inf"))
        return self.drop(scores.softmax(dim=-1)) @ value


class TokenTransformer(nn.Module):
    """Logits over V codes at every position; the input alphabet has one sign more, of index V ([BOS] or [MASK]).

    Positions are fixed sinusoids; the official class also holds a learned table (L, C) that its forward pass never reads,
    which is left out here.
    """

    positions: Tensor

    def __init__(self, vocab_size: int, length: int, sizes: TransformerSizes, *, causal: bool) -> None:
        super().__init__()
        self.vocab_size, self.length, self.causal = vocab_size, length, causal
        self.embed = nn.Embedding(vocab_size + 1, sizes.embed_dim)
        self.blocks = nn.ModuleList(Block(sizes) for _ in range(2 * sizes.layers))
        self.norm = nn.LayerNorm(sizes.embed_dim)
        self.head = Linear(sizes.embed_dim, vocab_size, bias=False)
        self.register_buffer("positions", torch.empty(length, sizes.embed_dim), persistent=False)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Weights N(0, 0.02²), biases 0; sinusoids of base 10,000, sines on even channels, cosines on odd ones."""
        for part in self.modules():
            if isinstance(part, nn.Linear | nn.Embedding):
                nn.init.normal_(part.weight, std=0.02, generator=rng)
            if isinstance(part, nn.Linear) and part.bias is not None:
                nn.init.zeros_(part.bias)
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
