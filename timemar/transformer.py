"""Stage 2: a GPT-style decoder over the tokens of all scales, coarse to fine (paper section 4.5)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.training import SeededDropout
from benchmark.training.kernels import Linear


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

    def _make(self, like: Tensor) -> Tensor:
        return like.new_empty((*like.shape[:2], self.positions, like.shape[3]))


class Block(nn.Module):
    """Pre-norm causal self-attention and a feed-forward layer, each added to the stream (B, n, C)."""

    def __init__(self, width: int, heads: int, fc_rate: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = Linear(width, 3 * width)
        self.out = Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.up_proj = Linear(width, fc_rate * width)
        self.down_proj = Linear(fc_rate * width, width)
        self.drop = SeededDropout(dropout)

    def forward(self, x: Tensor, index: int = 0, cache: KeyValueCache | None = None) -> Tensor:
        """One block on x (B, n, C), of the same shape; with a cache, x holds the newest position only."""
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, dim=-1)
        )
        if cache is not None:
            key, value = cache.extend(index, key, value)
        read = functional.scaled_dot_product_attention(query, key, value, is_causal=cache is None)
        x = x + self.drop(self.out(read.transpose(1, 2).flatten(2)))
        return x + self.drop(self.down_proj(functional.gelu(self.up_proj(self.norm2(x)))))


class TokenTransformer(nn.Module):
    """Next-token logits over V codes; the inputs have [BOS] as index V; embedding and head are untied."""

    scale_of: Tensor

    def __init__(
        self,
        vocab_size: int,
        patch_nums: tuple[int, ...],
        *,
        width: int,
        layers: int,
        heads: int,
        fc_rate: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.vocab_size, self.patch_nums, self.tokens = vocab_size, patch_nums, sum(patch_nums)
        self.embed = nn.Embedding(vocab_size + 1, width)
        self.position = nn.Embedding(self.tokens, width)
        self.scale = nn.Embedding(len(patch_nums), width)
        self.drop = SeededDropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, fc_rate, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = Linear(width, vocab_size, bias=False)
        self.register_buffer("scale_of", torch.empty(self.tokens, dtype=torch.long), persistent=False)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Weights N(0, 0.02²), biases 0; the scale of every position is a constant."""
        for part in self.modules():
            if isinstance(part, nn.Linear | nn.Embedding):
                nn.init.normal_(part.weight, std=0.02, generator=rng)
            if isinstance(part, nn.Linear) and part.bias is not None:
                nn.init.zeros_(part.bias)
        self.scale_of.copy_(torch.repeat_interleave(torch.arange(len(self.patch_nums)), torch.tensor(self.patch_nums)))

    def shift_right(self, tokens: Tensor) -> Tensor:
        """The input ([BOS], y_1 .. y_{n−1}) for tokens (B, n)."""
        start = tokens.new_full((len(tokens), 1), self.vocab_size)
        return torch.cat([start, tokens[:, :-1]], dim=1)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (B, m, V) of the tokens that follow inputs (B, m), m ≤ n."""
        positions = self.position.weight + self.scale(self.scale_of)
        x = self.drop(self.embed(inputs) + positions[: inputs.shape[1]])
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))

    def decode_step(self, inputs: Tensor, position: int, cache: KeyValueCache) -> Tensor:
        """Logits (B, V) after the input (B) at `position`, whose keys and values join the cache."""
        x = self.embed(inputs) + self.position.weight[position] + self.scale.weight[self.scale_of[position]]
        x = self.drop(x)[:, None]
        for index, block in enumerate(self.blocks):
            x = block(x, index, cache)
        return self.head(self.norm(x))[:, 0]
