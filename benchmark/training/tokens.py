"""Sequences of tokens: the input of next-token prediction, the loss of each token, and a draw from given probabilities."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def shift_right(tokens: Tensor, start: int) -> Tensor:
    """The input (`start`, y_1 .. y_{n−1}) (B, n) for tokens (B, n)."""
    return torch.cat([tokens.new_full((len(tokens), 1), start), tokens[:, :-1]], dim=1)


def token_nats(logits: Tensor, tokens: Tensor) -> Tensor:
    """−ln P (B, n) of tokens (B, n) under logits (B, n, V)."""
    return functional.cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="none").view_as(tokens)


def invert(shares: Tensor, uniforms: Tensor) -> Tensor:
    """Tokens (..) by the inverse of the distribution function of float64 shares (.., V) at uniforms (..) in [0, 1)."""
    cumulative = shares.cumsum(dim=-1)
    total = cumulative[..., -1:]
    last = (cumulative < total).sum(dim=-1)
    return (cumulative <= uniforms[..., None] * total).sum(dim=-1).minimum(last)
