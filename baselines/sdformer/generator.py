"""SDformer as a generator: VQ-VAE, then a transformer over its tokens; sampling runs them backwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self, cast

import torch
from pydantic import Field
from torch import Tensor, nn

from baselines.sdformer.objective import OBJECTIVES, Objective
from baselines.sdformer.quantizer import perplexity
from baselines.sdformer.training import LearningRates, TokenTask, VQVAETask, window_nats
from baselines.sdformer.transformer import TokenTransformer
from baselines.sdformer.vqvae import VQVAE, VQVAESizes
from benchmark.errors import UserError
from benchmark.interface import Depth, FitContext, Windows, check_sampling, check_windows
from benchmark.training import (
    NetworkGenerator,
    as_tensor,
    build,
    count_parameters,
    likelihood_measurements,
    seeded,
    train,
)
from benchmark.training.likelihood import repetition_warnings
from benchmark.training.transformer import TransformerSizes

_LEAST_USAGE = 0.1
_LARGEST_ERROR = 0.9

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]

# Tokens sampled side by side: bounds memory (about 0.3 GB at the official width), changes no result.
_SAMPLE_TOKENS = 1 << 14


class Stages(nn.Module):
    """Both stages, one after the other."""

    def __init__(self, vqvae: VQVAE, transformer: TokenTransformer) -> None:
        super().__init__()
        self.vqvae, self.transformer = vqvae, transformer


@dataclass(eq=False)
class SDformer(NetworkGenerator):
    """Similarity-driven VQ-VAE and token transformer (SDformer, Chen et al., NeurIPS 2024; values of the official code).

    `objective` is SDformer-ar (autoregressive) or SDformer-m (masked; `pkeep` is not used). `layers` = 1 means two blocks, as
    in the official code. The last weights are sampled; decoded windows are clipped to [0, 1]. After `fit`, `measurements_` holds
    reconstruction errors on the training windows, codebook usage, perplexity, the likelihood, and warnings.
    """

    version: ClassVar[int] = 2

    objective: Literal["autoregressive", "masked"] = "autoregressive"
    vocab_size: Annotated[int, Field(ge=2)] = 512
    width: Count = 512
    code_dim: Count = 512
    down_t: Annotated[int, Field(ge=0, le=30)] = 2
    depth: Depth = 3
    dilation_growth: Count = 3
    weight_commitment: NotNegative = 0.001
    stage1_steps: Count = 100_000
    stage1_warmup: Annotated[int, Field(ge=0)] = 999
    stage1_drop: Count = 200_000
    stage1_batch: Count = 128
    stage1_learning_rate: Positive = 1e-4
    embed_dim: Annotated[int, Field(ge=2, multiple_of=2)] = 1024
    layers: Depth = 1
    heads: Count = 16
    fc_rate: Count = 4
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    pkeep: Annotated[float, Field(ge=0, le=1)] = 0.9
    stage2_steps: Count = 62_500
    stage2_batch: Count = 1024
    stage2_learning_rate: Positive = 8e-4
    stage2_weight_decay: NotNegative = 1e-6

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Train both stages on windows (N, T, D) in [0, 1]; raises UserError, DivergedError or Interrupted."""
        values = self.parameters()
        _, length, features = check_windows(windows, self)
        _check_sizes(length, values)
        draw = seeded(context.seed)
        seeds = torch.randint(2**31, (4,), generator=draw).tolist()
        data = as_tensor(windows, context.device)

        vqvae = build(lambda: _make_vqvae(features, values), seeded(seeds[0]), context.device)
        stage1 = VQVAETask(
            vqvae,
            data,
            learning_rates=LearningRates(
                values["stage1_learning_rate"], values["stage1_warmup"], values["stage1_drop"]
            ),
            batch=values["stage1_batch"],
            weight_commitment=values["weight_commitment"],
        )
        steps = values["stage1_warmup"] + values["stage1_steps"]
        train(stage1, name="stage1", steps=steps, context=context, rng=seeded(seeds[1], context.device))
        vqvae.eval().requires_grad_(False)
        tokens = vqvae.tokenize(data)

        transformer = build(lambda: _make_transformer(length, values), seeded(seeds[2]), context.device)
        objective = _objective(values)
        stage2 = TokenTask(
            transformer,
            tokens,
            objective,
            learning_rate=values["stage2_learning_rate"],
            batch=values["stage2_batch"],
            weight_decay=values["stage2_weight_decay"],
        )
        steps = values["stage2_steps"]
        train(stage2, name="stage2", steps=steps, context=context, rng=seeded(seeds[3], context.device))

        transformer.eval().requires_grad_(False)
        measurements = _fidelity(vqvae, data, tokens)
        measurements |= _likelihood(Stages(vqvae, transformer), tokens, objective, context)
        measurements["warnings"] = _warnings(
            measurements, float(data.var(dim=0, correction=0).mean()), values["vocab_size"]
        )
        for sentence in measurements["warnings"]:
            context.warn(sentence)
        return self._keep(Stages(vqvae, transformer), (length, features), measurements)

    def training_windows(self, windows: int) -> int | None:
        """Windows in all batches of a fit."""
        del windows
        return (self.stage1_warmup + self.stage1_steps) * self.stage1_batch + self.stage2_steps * self.stage2_batch

    def _network(self, length: int, features: int) -> Stages:
        values = self.parameters()
        _check_sizes(length, values)
        return Stages(_make_vqvae(features, values), _make_transformer(length, values))

    def _draw(self, n: int, seed: int) -> Tensor:
        return cast(Stages, self.network_).vqvae.reconstruct(self.sample_tokens(n, seed))

    @torch.no_grad()
    def sample_tokens(self, n: int, seed: int) -> Tensor:
        """Tokens (n, L) of new windows, window by window from one stream of uniform numbers."""
        check_sampling(self, "network_", n)
        objective, model = _objective(self.parameters()), cast(Stages, self.network_).transformer
        draws = objective.draws(model.length)
        stream = seeded(seed)
        parts = []
        for start in range(0, n, rows := max(1, _SAMPLE_TOKENS // model.length)):
            uniforms = torch.rand((min(rows, n - start), draws), generator=stream, dtype=torch.float64)
            parts.append(objective.sample(model, uniforms.to(model.positions.device)))
        return torch.cat(parts)

    def parameter_counts(self, length: int, features: int) -> Mapping[str, int]:
        """Trainable parameters by part for windows (T=length, D=features); raises UserError for sizes that do not fit."""
        with torch.device("meta"):
            stages = self._network(length, features)
        vqvae, transformer = stages.vqvae, stages.transformer
        return {
            "encoder": count_parameters(vqvae.encoder),
            "decoder": count_parameters(vqvae.decoder),
            "codebook": vqvae.quantizer.codes.numel(),
            "transformer": count_parameters(transformer),
        }


def _objective(values: Mapping[str, Any]) -> Objective:
    return OBJECTIVES[values["objective"]](values["pkeep"])


def _make_vqvae(features: int, values: Mapping[str, Any]) -> VQVAE:
    return VQVAE(features, VQVAESizes(**{name: values[name] for name in VQVAESizes.__dataclass_fields__}))


def _make_transformer(length: int, values: Mapping[str, Any]) -> TokenTransformer:
    sizes = TransformerSizes(**{name: values[name] for name in TransformerSizes.__dataclass_fields__})
    return TokenTransformer(
        values["vocab_size"], length // 2 ** values["down_t"], sizes, causal=_objective(values).causal
    )


def _check_sizes(length: int, values: Mapping[str, Any]) -> None:
    """Raise UserError for sizes that do not fit windows of T=`length` or one another."""
    halvings, shrink = values["down_t"], 2 ** values["down_t"]
    if length % shrink:
        raise UserError(
            f"SDformer cannot halve windows of T = {length} steps down_t = {halvings} times; choose a length divisible by "
            f"{shrink}, or a smaller down_t."
        )
    if values["embed_dim"] % values["heads"]:
        raise UserError(
            f"SDformer's embed_dim {values['embed_dim']} is not divisible by its {values['heads']} heads; change one."
        )


def _fidelity(vqvae: VQVAE, windows: Tensor, tokens: Tensor) -> dict[str, Any]:
    """Reconstruction errors of windows (N, T, D) from their tokens (N, L), the share of codes hit and their perplexity."""
    error = vqvae.reconstruct(tokens) - windows
    vocab_size = len(vqvae.quantizer.codes)
    return {
        "mse": float(error.square().mean()),
        "mae": float(error.abs().mean()),
        "codebook_usage": len(tokens.unique()) / vocab_size,
        "perplexity": float(perplexity(tokens, vocab_size)),
    }


def _likelihood(stages: Stages, tokens: Tensor, objective: Objective, context: FitContext) -> dict[str, float]:
    """Likelihood measurements of training tokens (N, L) and the validation windows.

    SDformer-m has no joint distribution: means of its pseudo-likelihood in nats a token are all.
    """
    training, validation = window_nats(stages.transformer, tokens, objective), None
    if context.validation is not None:
        held_out = stages.vqvae.tokenize(as_tensor(context.validation, context.device))
        validation = window_nats(stages.transformer, held_out, objective)
    found = likelihood_measurements(tokens, training, validation)
    return found if objective.causal else {name: value for name, value in found.items() if name.endswith("_nll")}


def _warnings(measurements: Mapping[str, Any], variance: float, vocab_size: int) -> list[str]:
    """Sentences on a collapsed codebook, reconstructions that leave most of the windows' `variance`, and repeated windows."""
    found = []
    if measurements["codebook_usage"] < _LEAST_USAGE:
        found.append(
            f"the codebook collapsed: the training windows use {measurements['codebook_usage']:.0%} of {vocab_size} codes; raise "
            f"stage1_warmup, or lower stage1_learning_rate."
        )
    if measurements["mse"] > _LARGEST_ERROR * variance > 0:
        found.append(
            f"stage 1 is undertrained: reconstructions leave {measurements['mse'] / variance:.0%} of the windows' variance; "
            "raise stage1_steps."
        )
    return [*found, *repetition_warnings(measurements)]
