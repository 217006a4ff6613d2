"""What SDformer's transformer learns and how it is sampled: token after token, or masked tokens round by round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from baselines.sdformer.transformer import TokenTransformer
from benchmark.training.tokens import invert, shift_right, token_nats
from benchmark.training.transformer import KeyValueCache


class Objective(Protocol):
    """Training loss, likelihood and sampling of one variant."""

    @property
    def causal(self) -> bool:
        """Whether a position sees only those before it."""

    def loss(self, model: TokenTransformer, tokens: Tensor, rng: torch.Generator) -> Tensor:
        """The training loss of clean tokens (B, L), in nats a token."""

    def likelihood(self, model: TokenTransformer, tokens: Tensor) -> Tensor:
        """−ln P (B, L) of every token in evaluation mode."""

    def sample(self, model: TokenTransformer, uniforms: Tensor) -> Tensor:
        """Tokens (B, L) from uniforms (B, `draws(L)`), float64 in [0, 1)."""

    def draws(self, length: int) -> int:
        """Uniform numbers that one window of L=`length` tokens takes."""


@dataclass(frozen=True)
class Autoregressive:
    """SDformer-ar: predict the next token; each input, [BOS] too, is kept with probability `pkeep`, else a random code."""

    pkeep: float
    causal: bool = True

    def loss(self, model: TokenTransformer, tokens: Tensor, rng: torch.Generator) -> Tensor:
        """Mean cross-entropy of clean tokens (B, L) after corrupted ones."""
        inputs = shift_right(tokens, model.vocab_size)
        random = torch.randint(model.vocab_size, inputs.shape, generator=rng, device=inputs.device)
        kept = torch.rand(inputs.shape, generator=rng, device=inputs.device) < self.pkeep
        return token_nats(model(torch.where(kept, inputs, random)), tokens).mean()

    def likelihood(self, model: TokenTransformer, tokens: Tensor) -> Tensor:
        """−ln P(y_i | y_<i) (B, L)."""
        return token_nats(model(shift_right(tokens, model.vocab_size)), tokens)

    def draws(self, length: int) -> int:
        """One a token."""
        return length

    def sample(self, model: TokenTransformer, uniforms: Tensor) -> Tensor:
        """Tokens (B, L), each from its full conditional distribution; equal prefixes share one pass."""
        cache = KeyValueCache(len(model.blocks), model.length)
        current = torch.tensor([model.vocab_size], device=uniforms.device)
        prefix = torch.zeros(len(uniforms), dtype=torch.long, device=uniforms.device)
        drawn: list[Tensor] = []
        for position in range(model.length):
            if position > 0:
                beginnings, prefix = (prefix * model.vocab_size + drawn[-1]).unique(return_inverse=True)
                cache.select(beginnings // model.vocab_size)
                current = beginnings % model.vocab_size
            logits = model.decode_step(current, position, cache)[prefix]
            drawn.append(invert(logits.double().softmax(dim=-1), uniforms[:, position]))
        return torch.stack(drawn, dim=1)


@dataclass(frozen=True)
class Masked:
    """SDformer-m: predict tokens behind [MASK] from all others; no causal mask, one more token is fixed a round."""

    causal: bool = False

    def loss(self, model: TokenTransformer, tokens: Tensor, rng: torch.Generator) -> Tensor:
        """Mean cross-entropy of the masked ones of tokens (B, L), masked with one probability u ~ U(0, 1) for the whole batch."""
        probability = torch.rand((), generator=rng, device=tokens.device)
        masked = torch.rand(tokens.shape, generator=rng, device=tokens.device) < probability
        losses = token_nats(model(tokens.masked_fill(masked, model.vocab_size)), tokens)
        # A batch without any mask teaches nothing: loss 0, not 0 / 0.
        return (losses * masked).sum() / masked.sum().clamp(min=1)

    def likelihood(self, model: TokenTransformer, tokens: Tensor) -> Tensor:
        """−ln P(y_i | all others) (B, L): the pseudo-likelihood, since masked models have no tractable joint distribution."""
        columns = []
        for position in range(model.length):
            hidden = tokens.clone()
            hidden[:, position] = model.vocab_size
            columns.append(token_nats(model(hidden), tokens)[:, position])
        return torch.stack(columns, dim=1)

    def draws(self, length: int) -> int:
        """One a token and round."""
        return length * length

    def sample(self, model: TokenTransformer, uniforms: Tensor) -> Tensor:
        """Tokens (B, L) in L rounds: every masked token is drawn, the likeliest draw stays, the others are masked again."""
        tokens = torch.full((len(uniforms), model.length), model.vocab_size, device=uniforms.device)
        for numbers in uniforms.view(len(uniforms), model.length, model.length).unbind(dim=1):
            states, which = tokens.unique(dim=0, return_inverse=True)
            logits = model(states)[which]
            drawn = invert(logits.double().softmax(dim=-1), numbers)
            log_chance = -token_nats(logits, drawn)
            fixed = tokens != model.vocab_size
            best = log_chance.masked_fill(fixed, float("-inf")).argmax(dim=1, keepdim=True)
            tokens = tokens.scatter(1, best, drawn.gather(1, best))
        return tokens


OBJECTIVES: dict[str, Callable[[float], Objective]] = {"autoregressive": Autoregressive, "masked": lambda _: Masked()}
