"""Stage 2: a GPT-style decoder over the tokens of all scales, coarse to fine (paper section 4.5)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmark.training import SeededDropout
from benchmark.training.kernels import Linear
from benchmark.training.transformer import Block, KeyValueCache, TransformerSizes, reset_weights


class TokenTransformer(nn.Module):
    """Next-token logits over V codes; the inputs have [BOS] as index V; embedding and head are untied."""

    scale_of: Tensor

    def __init__(self, vocab_size: int, patch_nums: tuple[int, ...], sizes: TransformerSizes) -> None:
        super().__init__()
        width = sizes.embed_dim
        self.vocab_size, self.patch_nums, self.tokens = vocab_size, patch_nums, sum(patch_nums)
        self.embed = nn.Embedding(vocab_size + 1, width)
        self.position = nn.Embedding(self.tokens, width)
        self.scale = nn.Embedding(len(patch_nums), width)
        self.drop = SeededDropout(sizes.dropout)
        self.blocks = nn.ModuleList(Block(sizes) for _ in range(sizes.layers))
        self.norm = nn.LayerNorm(width)
        self.head = Linear(width, vocab_size, bias=False)
        self.register_buffer("scale_of", torch.empty(self.tokens, dtype=torch.long), persistent=False)

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Weights N(0, 0.02²), biases 0; the scale of every position is a constant."""
        reset_weights(self, rng)
        self.scale_of.copy_(torch.repeat_interleave(torch.arange(len(self.patch_nums)), torch.tensor(self.patch_nums)))

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
            x = block(x, index=index, cache=cache)
        return self.head(self.norm(x))[:, 0]
