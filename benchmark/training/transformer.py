"""The transformer block of token models: its sizes, its initial values, and the cache with which tokens are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.training.kernels import Linear
from benchmark.training.layers import SeededDropout


@dataclass(frozen=True)
class TransformerSizes:
    """Sizes of a transformer over tokens."""

    embed_dim: int
    layers: int
    heads: int
    fc_rate: int
    dropout: float


class KeyValueCache:
    """Keys and values (B, heads, n, C / heads) of the positions seen so far, by block, in buffers of `positions` positions."""

    def __init__(self, blocks: int, positions: int) -> None:
        self.positions = positions
        self.seen = [0] * blocks
        self.buffers: list[tuple[Tensor, Tensor] | None] = [None] * blocks

    def extend(self, block: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values of `block`, the new ones last."""
        start, end = self.seen[block], self.seen[block] + key.shape[2]
        buffers = self.buffers[block]
        if buffers is None:
            buffers = self.buffers[block] = self._make(key), self._make(value)
        for kept, new in zip(buffers, (key, value), strict=True):
            kept[:, :, start:end] = new
        self.seen[block] = end
        return buffers[0][:, :, :end], buffers[1][:, :, :end]

    def select(self, rows: Tensor) -> None:
        """Keep the given rows of the batch, in their order and as often as they occur."""
        self.buffers = [pair and (pair[0][rows], pair[1][rows]) for pair in self.buffers]

    def _make(self, like: Tensor) -> Tensor:
        return like.new_empty((*like.shape[:2], self.positions, like.shape[3]))


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

    def forward(self, x: Tensor, *, causal: bool = True, index: int = 0, cache: KeyValueCache | None = None) -> Tensor:
        """One block on x (B, n, C), of the same shape; with a cache, x holds the newest position only."""
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, dim=-1)
        )
        if cache is not None:
            key, value = cache.extend(index, key, value)
        read = self.attend(query, key, value, causal=causal and cache is None)
        x = x + self.drop(self.out(read.transpose(1, 2).flatten(2)))
        change: Tensor = self.drop(self.down_proj(functional.gelu(self.up_proj(self.norm2(x)))))
        return x + change

    def attend(self, query: Tensor, key: Tensor, value: Tensor, *, causal: bool) -> Tensor:
        """Attention (B, heads, n, C / heads) of queries to keys, of which `causal` hides the later ones."""
        return functional.scaled_dot_product_attention(query, key, value, is_causal=causal)


def reset_weights(module: nn.Module, rng: torch.Generator) -> None:
    """Weights N(0, 0.02²) and biases 0 of all linear maps and embeddings inside `module`."""
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, std=0.02, generator=rng)
        if isinstance(part, nn.Linear) and part.bias is not None:
            nn.init.zeros_(part.bias)
