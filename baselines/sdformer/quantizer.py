"""SDformer's similarity-driven quantizer: codes on the unit sphere, moved by running sums, rare ones drawn anew at every step."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class SimilarityQuantizer(nn.Module):
    """V unit codes of C channels, chosen by cosine similarity (SDformer, Chen et al. 2024; the rules are the official code's).

    A code is used when its running count of hits a step is at least 1. One that is not is replaced by a vector of the
    current batch, while its running sum and count go on: a drawn code is looked up in exactly one step, and the hits it gets
    there count; if they lift the count to 1, the code becomes the direction of its running sum, else it is drawn again.
    """

    codes: Tensor
    sums: Tensor
    counts: Tensor

    def __init__(self, vocab_size: int, channels: int, *, memory: float = 0.99) -> None:
        super().__init__()
        self.memory = memory
        self.register_buffer("codes", torch.empty(vocab_size, channels))
        self.register_buffer("sums", torch.empty(vocab_size, channels))
        self.register_buffer("counts", torch.empty(vocab_size))

    def seeded_reset(self, rng: torch.Generator) -> None:
        """No codes yet: `start` places them on the first batch."""
        del rng
        for buffer in (self.codes, self.sums, self.counts):
            buffer.zero_()

    def nearest(self, latents: Tensor) -> Tensor:
        """Index (R) of the code at the smallest angle to each of unit latents (R, C)."""
        return (latents.detach() @ self.codes.t()).argmax(dim=1)

    def lookup(self, tokens: Tensor) -> Tensor:
        """Codes (R, C) of tokens (R)."""
        return self.codes[tokens]

    @torch.no_grad()
    def start(self, latents: Tensor, rng: torch.Generator) -> None:
        """Place the codes on the first V of unit latents (R, C), each with a count of one hit."""
        self.codes.copy_(self._rows(latents, rng))
        self.sums.copy_(self.codes)
        self.counts.fill_(1.0)

    @torch.no_grad()
    def update(self, latents: Tensor, tokens: Tensor, rng: torch.Generator) -> None:
        """Account for one step's unit latents (R, C) and tokens (R), then move used codes and draw the others."""
        hits = torch.bincount(tokens, minlength=len(self.codes)).to(self.counts.dtype)
        self.sums.mul_(self.memory).index_add_(0, tokens, latents.detach(), alpha=1 - self.memory)
        self.counts.mul_(self.memory).add_(hits, alpha=1 - self.memory)
        moved = functional.normalize(self.sums, dim=-1)
        self.codes.copy_(torch.where(self.counts[:, None] >= 1.0, moved, self._rows(latents, rng)))

    def _rows(self, latents: Tensor, rng: torch.Generator) -> Tensor:
        """The first V of latents (R, C); where R < V, repeats of them with noise of std 0.01 / √C, on the sphere."""
        wanted, channels = self.codes.shape
        if len(latents) >= wanted:
            return latents[:wanted]
        repeated = latents.repeat(math.ceil(wanted / len(latents)), 1)[:wanted]
        noise = torch.randn(repeated.shape, generator=rng, device=repeated.device)
        return functional.normalize(repeated + noise * (0.01 / math.sqrt(channels)), dim=-1)


def commitment(latents: Tensor, codes: Tensor) -> Tensor:
    """1 − the mean cosine between latents (R, C) and their codes (R, C), which get no gradient."""
    return 1 - functional.cosine_similarity(latents, codes.detach(), dim=-1).mean()


def perplexity(tokens: Tensor, vocab_size: int) -> Tensor:
    """exp(−Σ p ln(p + 1e-7)) of the tokens' shares p, in 1 .. V."""
    hits = torch.bincount(tokens.flatten(), minlength=vocab_size).to(torch.float32)
    share = hits / hits.sum()
    return torch.exp(-(share * torch.log(share + 1e-7)).sum())
