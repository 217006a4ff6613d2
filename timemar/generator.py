"""TimeMAR as a generator: tokenizer, then token transformer; sampling runs them backwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, ClassVar, Self, cast

import torch
from pydantic import Field
from torch import Tensor

from benchmark.errors import UserError
from benchmark.interface import Depth, FitContext, Progress, Windows, check_sampling, check_windows
from benchmark.training import NetworkGenerator, as_tensor, build, likelihood_measurements, seeded, train
from timemar.architecture import Stages, assemble, make_noise, make_tokenizer, parameters_by_part
from timemar.checks import check_sizes
from timemar.config import Drop, TimeMARConfig
from timemar.diagnosis import warnings_of
from timemar.interpretation import SeriesParts, split_in_batches
from timemar.precision import Precision
from timemar.sampling import cache_bytes, sample_tokens
from timemar.schedule import Decay, Schedule
from timemar.stage_length import LengthSearch, hold_out
from timemar.token_training import TokenTask, window_nats
from timemar.tokenizer_training import TokenizerTask, measure_fidelity, probe_of, reconstruct_all, tokenize_all
from timemar.transformer import TokenTransformer
from timemar.vqvae import DualPathVQVAE

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, lt=1)]
Counts = Annotated[tuple[Count, ...], Field(min_length=1)]

_CACHE_BYTES = 1 << 28


@dataclass(eq=False)
class TimeMAR(NetworkGenerator):
    """Multi-scale autoregressive generation over a dual-path VQ-VAE's tokens (the TimeMAR paper, sections 3 and 4).

    Sizes carry the names of the paper's Tables 4 and 5. Each stage is as long as exactly one of its `_steps` and `_epochs`
    says. `kernels` None grows with T, `top_k` None keeps all codes, `attention` is the number of middle blocks followed by
    self-attention, `compiled` puts training steps through `torch.compile`, `drop` names parts taken out (Table 3).

    Ours, and off by default: `mixing` is the share of a batch of stage 1 that are convex mixtures of two training windows;
    `holdout` the share of training windows by which the length of stage 2 is found, up to its steps, before a fit to all;
    `fine_temperature` the temperature from the third scale on; `output_noise` adds the noise that reconstructions lack.

    After `fit`, `measurements_` holds reconstruction error (on the training windows, in the data's units), codebook usage,
    perplexity by scale, the likelihood (`likelihood_measurements`), and warnings.
    """

    version: ClassVar[int] = 2
    sampling_parameters: ClassVar[frozenset[str]] = frozenset({"temperature", "fine_temperature", "top_k", "top_p"})
    vocab_size: Annotated[int, Field(ge=2)] = 384
    z_channels: Count = 32
    ch: Count = 32
    ch_mult: Counts = (1, 1, 2)
    blocks: Depth = 1
    middle_blocks: Annotated[int, Field(ge=0, le=1000)] = 1
    attention: Annotated[int, Field(ge=0)] = 0
    patch_nums: Counts = (1, 2, 3, 4, 5, 6)
    kernels: Counts | None = None
    coarse_factor: Count = 4
    beta: NotNegative = 0.25
    weight_reconstruction: NotNegative = 1.0
    weight_vq: NotNegative = 1.0
    weight_trend: NotNegative = 1.0
    weight_season: NotNegative = 0.1
    weight_coarse: NotNegative = 0.1
    weight_fourier: NotNegative = 0.1
    stage1_steps: Count | None = 5000
    stage1_epochs: Count | None = None
    stage1_batch: Count = 128
    stage1_learning_rate: Positive = 2e-3
    stage1_decay: Decay = "cosine"
    stage1_warmup: Share = 0.05
    stage1_weight_decay: NotNegative = 0.01
    reseed_every: Count = 20
    mixing: Annotated[float, Field(ge=0, le=1)] = 0.0
    embed_dim: Count = 128
    layers: Depth = 3
    heads: Count = 4
    fc_rate: Count = 4
    dropout: Share = 0.1
    corruption: Share = 0.0
    holdout: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    stage2_steps: Count | None = 2000
    stage2_epochs: Count | None = None
    stage2_batch: Count = 256
    stage2_learning_rate: Positive = 1e-3
    stage2_decay: Decay = "cosine"
    stage2_warmup: Share = 0.05
    stage2_weight_decay: NotNegative = 0.01
    stage2_ema: Share = 0.99
    clip: Positive = 1.0
    temperature: Positive = 1.0
    fine_temperature: Positive | None = None
    top_k: Count | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    output_noise: bool = False
    precision: Precision = "float32"
    compiled: bool = False
    drop: tuple[Drop, ...] = ()

    @property
    def config(self) -> TimeMARConfig:
        """The validated parameters in groups; raises UserError."""
        return TimeMARConfig.of(self.parameters())

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Train both stages on windows (N, T, D) in [0, 1]; raises UserError, DivergedError or Interrupted."""
        config = self.config
        _, length, features = check_windows(windows, self)
        check_sizes(length, config.tokenizer, config.transformer)
        if config.holdout > 0 and len(windows) < 2:
            raise UserError("TimeMAR's holdout needs at least two training windows; give more, or set holdout to 0.")
        data = as_tensor(windows, context.device)
        first, second = config.stage1.schedule("stage1", len(data)), config.stage2.schedule("stage2", len(data))
        of_tokenizer, of_stage1, *of_stage2 = torch.randint(2**31, (4,), generator=seeded(context.seed)).tolist()
        validation = probe_of(context.validation, context.device)

        tokenizer = make_tokenizer(length, features, config.tokenizer, seeded(of_tokenizer), context.device)
        self._fit_tokenizer(tokenizer, data, first, of_stage1, validation, context)
        tokens = tokenize_all(tokenizer, data)
        noise = build(lambda: make_noise(length, features, noisy=self.output_noise), seeded(0), context.device)
        noise.fit(reconstruct_all(tokenizer, tokens) - data)

        probe = None if validation is None else tokenize_all(tokenizer, validation)
        found = {}
        if config.holdout > 0:
            found = self._find_length(tokenizer, tokens, length, second, of_stage2, probe, context)
            second = replace(second, steps=found["stage2_length"])
        stage2 = self._token_task(tokenizer, tokens, second, of_stage2[0], probe, context)
        stream = seeded(of_stage2[1], context.device)
        train(stage2, name="stage2", steps=second.steps, context=context, rng=stream)
        stage2.average.apply()

        self._keep(Stages(tokenizer, stage2.network, noise), (length, features))
        self.measurements_ = self._measured(data, tokens, context) | found
        return self

    def _fit_tokenizer(
        self,
        tokenizer: DualPathVQVAE,
        data: Tensor,
        schedule: Schedule,
        seed: int,
        validation: Tensor | None,
        context: FitContext,
    ) -> None:
        """Stage 1 on windows (N, T, D)."""
        config = self.config
        tokenizer.fit_scaling(data)
        task = TokenizerTask(
            tokenizer,
            data,
            schedule=schedule,
            batch=config.stage1.batch,
            weight_decay=config.stage1.weight_decay,
            weights=config.weights,
            clip=config.clip,
            reseed_every=config.reseed_every,
            mixing=config.mixing,
            precision=config.precision,
            compiled=config.compiled,
            validation=validation,
        )
        train(task, name="stage1", steps=schedule.steps, context=context, rng=seeded(seed, context.device))
        tokenizer.requires_grad_(False)

    def _token_task(
        self,
        tokenizer: DualPathVQVAE,
        tokens: Tensor,
        schedule: Schedule,
        seed: int,
        validation: Tensor | None,
        context: FitContext,
    ) -> TokenTask:
        """Stage 2 of a new transformer on tokens (N, Σ l_k)."""
        config, scales = self.config, tokenizer.quantizer.patch_nums
        transformer = build(
            lambda: TokenTransformer(config.tokenizer.vocab_size, scales, config.transformer),
            seeded(seed),
            context.device,
        )
        return TokenTask(
            transformer,
            tokens,
            schedule=schedule,
            batch=config.stage2.batch,
            weight_decay=config.stage2.weight_decay,
            corruption=config.corruption,
            clip=config.clip,
            ema=config.ema,
            precision=config.precision,
            compiled=config.compiled,
            validation=validation,
        )

    def _find_length(
        self,
        tokenizer: DualPathVQVAE,
        tokens: Tensor,
        length: int,
        schedule: Schedule,
        seeds: Sequence[int],
        validation: Tensor | None,
        context: FitContext,
    ) -> dict[str, Any]:
        """The step of stage 2 after which held-out windows of T=`length` are likeliest, with their nats a token."""
        seen, held = (rows.to(tokens.device) for rows in hold_out(len(tokens), self.config.holdout, length))
        task = self._token_task(tokenizer, tokens[seen], schedule, seeds[0], validation, context)
        search = LengthSearch(task, tokens[held])
        stream = seeded(seeds[1], context.device)
        train(search, name="stage2_length", steps=schedule.steps, context=context, rng=stream, is_over=search.is_over)
        return {"stage2_length": search.steps, "held_out_nll": float(search.best[1])}

    def _measured(self, data: Tensor, tokens: Tensor, context: FitContext) -> dict[str, Any]:
        """Measurements of the fitted model; numbers are reported as metrics, and what went wrong is a warning."""
        measurements: dict[str, Any] = asdict(measure_fidelity(self.tokenizer_, data, tokens))
        training, validation = window_nats(self.transformer_, tokens), None
        if context.validation is not None:
            held_out = tokenize_all(self.tokenizer_, as_tensor(context.validation, context.device))
            validation = window_nats(self.transformer_, held_out)
        measurements |= likelihood_measurements(tokens, training, validation)
        context.progress(
            Progress("measurements", 1, 1, {k: v for k, v in measurements.items() if isinstance(v, float)})
        )
        measurements["warnings"] = warnings_of(measurements, self.vocab_size)
        for sentence in measurements["warnings"]:
            context.warn(sentence)
        return measurements

    @property
    def tokenizer_(self) -> DualPathVQVAE:
        """Stage 1, fitted."""
        return cast(Stages, self.network_).tokenizer

    @property
    def transformer_(self) -> TokenTransformer:
        """Stage 2, fitted."""
        return cast(Stages, self.network_).transformer

    def _network(self, length: int, features: int) -> Stages:
        tokenizer, transformer = self.config.tokenizer, self.config.transformer
        check_sizes(length, tokenizer, transformer)
        return assemble(length, features, tokenizer, transformer, noisy=self.output_noise)

    def _draw(self, n: int, seed: int) -> Tensor:
        windows = reconstruct_all(self.tokenizer_, self.sample_tokens(n, seed))
        noisy: Tensor = cast(Stages, self.network_).noise(windows, seed)
        return noisy

    @torch.no_grad()
    def sample_tokens(self, n: int, seed: int) -> Tensor:
        """Tokens (n, Σ l_k) of new windows; the uniform numbers are drawn at once, so batches do not change the result."""
        check_sampling(self, "network_", n)
        sampling = self.config.sampling
        count = self.transformer_.tokens
        uniforms = torch.rand((n, count), generator=seeded(seed), dtype=torch.float64)
        uniforms = uniforms.to(self.device)
        batches = uniforms.split(max(1, _CACHE_BYTES // cache_bytes(self.transformer_)))
        return torch.cat([sample_tokens(self.transformer_, part, sampling) for part in batches])

    @torch.no_grad()
    def sample_parts(self, n: int, seed: int) -> SeriesParts:
        """The parts of the windows that `sample(n, seed)` returns: trend + fine, clipped to [0, 1] (Figure 5).

        Output noise is added after that, and the sum is clipped again.
        """
        return split_in_batches(self.tokenizer_.reconstruct_parts, self.sample_tokens(n, seed))

    def decompose(self, windows: Windows) -> SeriesParts:
        """Windows (N, T, D) in [0, 1] as the fitted model splits them: trend + fine is the window; raises UserError."""
        if not hasattr(self, "network_"):
            raise UserError("TimeMAR was asked to decompose before it was fitted; call fit or load first.")
        if check_windows(windows, self)[1:] != self.shape_:
            raise UserError(
                f"TimeMAR was fitted to windows (T, D) = {self.shape_}; pass such, not {windows.shape[1:]}."
            )
        return split_in_batches(self.tokenizer_.parts_of, as_tensor(windows, self.device))

    def training_windows(self, windows: int) -> int | None:
        """Windows in all batches of a fit; with `holdout` at most, since stage 2 and the search for its length may end early."""
        config = self.config
        first, second = config.stage1, config.stage2
        fits = 2 if config.holdout > 0 else 1
        of_second = fits * second.schedule("stage2", windows).steps * second.batch
        return first.schedule("stage1", windows).steps * first.batch + of_second

    def parameter_counts(self, length: int, features: int) -> Mapping[str, int]:
        """Trainable parameters by part for windows (T=length, D=features); raises UserError for sizes that do not fit."""
        with torch.device("meta"):
            return parameters_by_part(self._network(length, features))
