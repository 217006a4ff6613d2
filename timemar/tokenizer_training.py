"""Training of stage 1: the VQ-VAE step by step, with the re-seeding of unused codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.interface import Windows
from benchmark.training import NetworkTask, adamw, is_reported, set_learning_rate
from timemar.codebook import perplexity
from timemar.compilation import training_pass
from timemar.config import LossWeights
from timemar.losses import objective
from timemar.precision import Precision, mixed
from timemar.schedule import Schedule
from timemar.vqvae import DualPathVQVAE

_RESEED_UNTIL = 0.8
PROBED = 256
"""Held-out windows measured during training: enough to tell a trend, few enough to cost little."""


@dataclass(frozen=True)
class Fidelity:
    """What stage 1 keeps of the training windows: errors in the data's units, codes in use."""

    mse: float
    mae: float
    codebook_usage: float
    perplexity: tuple[float, ...]


class TokenizerTask(NetworkTask[DualPathVQVAE]):
    """Stage 1 as a task of the training loop, over windows (N, T, D) on the model's device."""

    def __init__(
        self,
        model: DualPathVQVAE,
        windows: Tensor,
        *,
        schedule: Schedule,
        batch: int,
        weight_decay: float,
        weights: LossWeights,
        clip: float,
        reseed_every: int,
        mixing: float = 0.0,
        precision: Precision = "float32",
        compiled: bool = False,
        validation: Tensor | None = None,
    ) -> None:
        optimizer = adamw(model.parameters(), schedule.peak, betas=(0.9, 0.99), decay=weight_decay)
        super().__init__(model, optimizer)
        self.windows, self.validation = windows, validation
        self.schedule, self.batch, self.weights = schedule, batch, weights
        self.clip, self.reseed_every = clip, reseed_every
        self.mixed = round(mixing * batch)
        self.precision = mixed(windows.device, precision)
        self.forward = training_pass(model, windows.device, compiled=compiled)

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One optimizer step on a random batch; metrics: the loss, its terms, codebook usage, perplexity by scale."""
        set_learning_rate(self.optimizer, self.schedule.learning_rate(step))
        rows = torch.randint(len(self.windows), (self.batch,), generator=rng, device=self.windows.device)
        result = self.forward(self._mixed(self.windows[rows], rng), self.precision)
        terms = objective(result, self.network.scaling.detail, self.weights)
        self.descend_clipped(terms["loss"], self.clip)
        quantized, codebook = result.quantized, self.network.quantizer.codebook
        codebook.observe(quantized.tokens)
        if step % self.reseed_every == 0 and step < _RESEED_UNTIL * self.schedule.steps:
            moved = codebook.reseed(quantized.pooled.flatten(0, 1), quantized.errors.flatten(), rng)
            self._forget(moved)
        metrics = {name: value.detach() for name, value in terms.items()}
        return metrics | self._account(quantized.tokens) if is_reported(step, self.schedule.steps) else metrics

    def _mixed(self, windows: Tensor, rng: torch.Generator) -> Tensor:
        """Windows (B, T, D), the first of them convex mixtures with another training window each, by uniform weights."""
        if self.mixed == 0:
            return windows
        others = torch.randint(len(self.windows), (self.mixed,), generator=rng, device=windows.device)
        weights = torch.rand((self.mixed, 1, 1), generator=rng, device=windows.device)
        return torch.cat([torch.lerp(windows[: self.mixed], self.windows[others], weights), windows[self.mixed :]])

    def _account(self, tokens: Tensor) -> dict[str, Tensor]:
        """Codes in use, perplexity by scale of a batch's tokens (B, n), and the error of held-out windows."""
        quantizer = self.network.quantizer
        codebook = quantizer.codebook
        metrics = {"codebook_usage": (codebook.usage >= codebook.dead_below).float().mean()}
        for index, part in enumerate(tokens.split(quantizer.patch_nums, dim=1)):
            metrics[f"perplexity_{index + 1}"] = perplexity(part, len(codebook.usage))
        if self.validation is not None:
            metrics["validation"] = validation_error(self.network, self.validation)
        return metrics

    def _forget(self, moved: Tensor) -> None:
        """A re-seeded code must not be pushed on by the momentum of the code whose row it took."""
        moments = self.optimizer.state.get(self.network.quantizer.codebook.weight)
        if moments and len(moved):
            moments["exp_avg"][moved] = 0.0


def probe_of(validation: Windows | None, device: str) -> Tensor | None:
    """At most `PROBED` validation windows (N, T, D), evenly spaced, on `device`; None where there are none."""
    if validation is None:
        return None
    return torch.tensor(validation[:: -(-len(validation) // PROBED)], device=device)


def side_by_side(model: DualPathVQVAE, device: torch.device) -> int:
    """How many windows go through the nets at once.

    On the CPU 256 of 24 steps: large activations would be mapped anew at every layer, a quarter of TimeMAR-L's time.
    """
    return max(1, (1536 if device.type == "cpu" else 24576) // model.quantizer.patch_nums[-1])


@torch.no_grad()
def tokenize_all(model: DualPathVQVAE, windows: Tensor) -> Tensor:
    """Tokens (N, n) of windows (N, T, D), computed in batches."""
    return torch.cat([model.tokenize(part) for part in windows.split(side_by_side(model, windows.device))])


@torch.no_grad()
def reconstruct_all(model: DualPathVQVAE, tokens: Tensor) -> Tensor:
    """Windows (N, T, D) of tokens (N, n), computed in batches."""
    return torch.cat([model.reconstruct(part) for part in tokens.split(side_by_side(model, tokens.device))])


def validation_error(model: DualPathVQVAE, windows: Tensor) -> Tensor:
    """Mean squared error of windows (N, T, D) from what their tokens hold; the model goes on training as before."""
    model.eval()
    error = (reconstruct_all(model, tokenize_all(model, windows)) - windows).square().mean()
    model.train()
    return error


def measure_fidelity(model: DualPathVQVAE, windows: Tensor, tokens: Tensor) -> Fidelity:
    """Reconstruction errors of windows (N, T, D) from their tokens (N, n), the share of codes hit, perplexity by scale."""
    error = reconstruct_all(model, tokens) - windows
    vocab_size = len(model.quantizer.codebook.usage)
    return Fidelity(
        mse=float(error.square().mean()),
        mae=float(error.abs().mean()),
        codebook_usage=len(tokens.unique()) / vocab_size,
        perplexity=tuple(
            round(float(perplexity(part, vocab_size)), 3) for part in tokens.split(model.quantizer.patch_nums, dim=1)
        ),
    )
