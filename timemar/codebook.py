"""The codebook: nearest codes, a running average of their use, and re-seeding of unused codes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.training.kernels import linear


class Codebook(nn.Module):
    """V codes of C channels, learned by gradient; codes that are not used are re-seeded from encoder outputs (ours).

    `usage` is a running average, per code, of hits relative to an even spread (1 = its fair share). A code below
    `dead_below` is dead; a re-seeded code starts at 1, so it has the average's whole memory to find its vectors.
    """

    usage: Tensor

    def __init__(self, vocab_size: int, channels: int, *, memory: float = 0.9, dead_below: float = 0.05) -> None:
        super().__init__()
        self.memory, self.dead_below = memory, dead_below
        self.weight = nn.Parameter(torch.empty(vocab_size, channels))
        self.register_buffer("usage", torch.empty(vocab_size))

    def seeded_reset(self, rng: torch.Generator) -> None:
        """Small codes that nothing uses yet: the first re-seeding places all of them on data."""
        nn.init.normal_(self.weight, std=1e-3, generator=rng)
        self.usage.zero_()

    def nearest(self, vectors: Tensor) -> Tensor:
        """Index (...) of the code at the smallest squared distance to each of `vectors` (..., C)."""
        weight = self.weight.detach()
        flat = vectors.reshape(-1, vectors.shape[-1])
        scores = linear(flat, -2 * weight, (weight * weight).sum(dim=1))
        return scores.argmin(dim=1).reshape(vectors.shape[:-1])

    def lookup(self, tokens: Tensor) -> Tensor:
        """Codes (..., C) of tokens (...)."""
        return functional.embedding(tokens, self.weight)

    @torch.no_grad()
    def observe(self, tokens: Tensor) -> None:
        """Account for the hits of one step's tokens."""
        hits = torch.bincount(tokens.flatten(), minlength=len(self.usage)).to(self.usage.dtype)
        self.usage.lerp_(hits * (len(self.usage) / tokens.numel()), 1 - self.memory)

    @torch.no_grad()
    def reseed(self, candidates: Tensor, errors: Tensor, rng: torch.Generator) -> Tensor:
        """Move dead codes onto encoder outputs and return the indices moved.

        candidates (N, C) are vectors that were quantized, errors (N) their squared distances to their codes; the new codes
        are drawn without replacement in proportion to the errors, as k-means++ does.
        """
        dead = torch.nonzero(self.usage < self.dead_below).flatten()
        dead = dead[: int((errors > 0).sum())]
        if len(dead):
            chosen = torch.multinomial(errors, len(dead), replacement=False, generator=rng)
            self.weight[dead] = candidates[chosen]
            self.usage[dead] = 1.0
        return dead


def perplexity(tokens: Tensor, vocab_size: int) -> Tensor:
    """The exponential of the entropy of the tokens' empirical distribution, in 1 .. V."""
    hits = torch.bincount(tokens.flatten(), minlength=vocab_size).to(torch.float32)
    share = hits / hits.sum()
    return torch.exp(-torch.special.xlogy(share, share).sum())
