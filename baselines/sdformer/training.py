"""SDformer's two training stages as tasks of the shared loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from baselines.sdformer.objective import Objective
from baselines.sdformer.quantizer import commitment, perplexity
from baselines.sdformer.transformer import TokenTransformer
from baselines.sdformer.vqvae import VQVAE
from benchmark.training import EpochTask, NetworkTask, adamw, set_dropout_rng, set_learning_rate


@dataclass(frozen=True)
class LearningRates:
    """Linear warm-up over `warmup` steps W, then constant, × 0.05 from `drop` steps after the warm-up.

    As in the official code the warm-up counts from 2 of W + 2 and ends at W + 1, and training goes on with what it reached:
    (W + 1) / (W + 2) of `peak`, or `peak` itself without a warm-up.
    """

    peak: float
    warmup: int
    drop: int

    def learning_rate(self, step: int) -> float:
        """The learning rate of step number `step`, from 0."""
        rise = (min(step, self.warmup - 1) + 2) / (self.warmup + 2) if self.warmup else 1.0
        return self.peak * rise * (0.05 if step - self.warmup >= self.drop else 1.0)


class VQVAETask(EpochTask[VQVAE]):
    """Stage 1 over windows (N, T, D) on the model's device; an epoch's last batch is short."""

    def __init__(
        self, model: VQVAE, windows: Tensor, *, learning_rates: LearningRates, batch: int, weight_commitment: float
    ) -> None:
        optimizer = adamw(model.parameters(), learning_rates.peak, betas=(0.9, 0.99), decay=0.0)
        super().__init__(model, windows, optimizer, batch=batch, keep_short=True)
        self.learning_rates, self.weight_commitment = learning_rates, weight_commitment

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One optimizer step and one of the codebook; metrics: the loss, its terms, the batch's perplexity, codes in use."""
        set_learning_rate(self.optimizer, self.learning_rates.learning_rate(step))
        windows = self.batches.draw(step, rng)
        quantizer = self.network.quantizer
        if step == 0:
            with torch.no_grad():
                quantizer.start(self.network.encode(windows), rng)
        made = self.network(windows)
        reconstruction = functional.mse_loss(made.windows, windows)
        distance = commitment(made.latents, made.codes)
        loss = reconstruction + self.weight_commitment * distance
        self.descend(loss)
        quantizer.update(made.latents, made.tokens, rng)
        return {
            "loss": loss.detach(),
            "reconstruction": reconstruction.detach(),
            "commitment": distance.detach(),
            "perplexity": perplexity(made.tokens, len(quantizer.codes)),
            "codes_in_use": (quantizer.counts >= 1).float().mean(),
        }


class TokenTask(NetworkTask[TokenTransformer]):
    """Stage 2 over tokens (N, L) of the frozen VQ-VAE, at a constant learning rate; rows are drawn with replacement."""

    def __init__(
        self,
        model: TokenTransformer,
        tokens: Tensor,
        objective: Objective,
        *,
        learning_rate: float,
        batch: int,
        weight_decay: float,
    ) -> None:
        super().__init__(model, adamw(model.parameters(), learning_rate, betas=(0.5, 0.9), decay=weight_decay))
        self.tokens, self.objective, self.batch = tokens, objective, batch

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One optimizer step on a random batch; the metric is the objective's loss in nats a token."""
        del step
        set_dropout_rng(self.network, rng)
        rows = torch.randint(len(self.tokens), (self.batch,), generator=rng, device=self.tokens.device)
        loss = self.objective.loss(self.network, self.tokens[rows], rng)
        self.descend(loss)
        return {"loss": loss.detach()}


@torch.no_grad()
def window_nats(model: TokenTransformer, tokens: Tensor, objective: Objective, batch: int = 512) -> Tensor:
    """The objective's −ln P of each window's tokens (N, L), in nats, float64 (N,); call it in evaluation mode."""
    return torch.cat([objective.likelihood(model, part).double().sum(dim=1) for part in tokens.split(batch)])
