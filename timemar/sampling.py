"""Drawing tokens one after another from uniform numbers that are fixed beforehand, window by window."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmark.training.tokens import invert
from benchmark.training.transformer import KeyValueCache
from timemar.config import Sampling
from timemar.transformer import TokenTransformer


def probabilities(logits: Tensor, sampling: Sampling) -> Tensor:
    """Float64 probabilities (B, V): logits / temperature, then the `top_k` likeliest, then the nucleus of mass `top_p`."""
    top_k, top_p = sampling.top_k, sampling.top_p
    logits = logits.double() / sampling.temperature
    if top_k is not None and top_k < logits.shape[-1]:
        smallest = logits.topk(top_k, dim=-1).values[:, -1:]
        logits = logits.masked_fill(logits < smallest, float("-inf"))
    shares = torch.softmax(logits, dim=-1)
    if top_p < 1:
        ordered, order = shares.sort(dim=-1, descending=True, stable=True)
        outside = ordered.cumsum(dim=-1) - ordered >= top_p
        shares = torch.zeros_like(shares).scatter(1, order, ordered.masked_fill(outside, 0.0))
        shares = shares / shares.sum(dim=-1, keepdim=True)
    return shares


def cache_bytes(model: TokenTransformer) -> int:
    """Bytes of keys and values, float32, that one window fills in the cache when all its tokens are drawn."""
    return 2 * 4 * model.tokens * len(model.blocks) * model.norm.weight.numel()


@torch.no_grad()
def sample_tokens(model: TokenTransformer, uniforms: Tensor, sampling: Sampling) -> Tensor:
    """Tokens (B, n) from uniforms (B, n), float64 in [0, 1), with a key/value cache."""
    cache = KeyValueCache(len(model.blocks), model.tokens)
    current = torch.full((len(uniforms),), model.vocab_size, dtype=torch.long, device=uniforms.device)
    drawn = []
    for position, scale in enumerate(model.scale_of.tolist()):
        logits = model.decode_step(current, position, cache)
        current = invert(probabilities(logits, sampling.of_scale(scale)), uniforms[:, position])
        drawn.append(current)
    return torch.stack(drawn, dim=1)
