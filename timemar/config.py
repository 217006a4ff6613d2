"""TimeMAR's parameters in frozen groups: flat in the constructor and in YAML files, attributes everywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self

from benchmark.training import count_steps
from benchmark.training.transformer import TransformerSizes
from timemar.precision import Precision
from timemar.schedule import Decay, Schedule

Drop = Literal["frequency", "decompose", "multiscale", "coarse"]


@dataclass(frozen=True)
class TokenizerSizes:
    """Sizes of stage 1; `kernels` None stands for widths that grow with T; `drop` names the parts taken out (Table 3)."""

    vocab_size: int
    z_channels: int
    ch: int
    ch_mult: tuple[int, ...]
    blocks: int
    middle_blocks: int
    patch_nums: tuple[int, ...]
    kernels: tuple[int, ...] | None
    coarse_factor: int
    beta: float
    attention: int = 0
    drop: tuple[Drop, ...] = ()

    def latent_length(self, length: int) -> int:
        """L = T / 2^(levels − 1) for T=`length`."""
        return length // 2 ** (len(self.ch_mult) - 1)


@dataclass(frozen=True)
class LossWeights:
    """The λ of each term of stage 1; the paper gives no values."""

    reconstruction: float
    vq: float
    trend: float
    season: float
    coarse: float
    fourier: float


@dataclass(frozen=True)
class StageConfig:
    """Length, batches and learning rate of one stage; exactly one of `steps` and `epochs` is a number."""

    steps: int | None
    epochs: int | None
    batch: int
    learning_rate: float
    decay: Decay
    warmup: float
    weight_decay: float

    def schedule(self, stage: str, windows: int) -> Schedule:
        """The schedule on N=`windows` windows; raises UserError for both or neither of steps and epochs."""
        steps = count_steps("TimeMAR", self.steps, self.epochs, windows, self.batch, prefix=f"{stage}_")
        return Schedule(steps, self.learning_rate, self.decay, self.warmup)


FINE = 2
"""The first scale, from 0, that counts as fine: two scales' tokens tell most training windows apart."""


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn from logits: `top_k` None keeps all V codes, `top_p` 1 the whole distribution.

    `fine_temperature` is that of the third scale and finer ones, None the same as of the first two.
    """

    temperature: float = 1.0
    fine_temperature: float | None = None
    top_k: int | None = None
    top_p: float = 1.0

    def of_scale(self, index: int) -> Sampling:
        """How tokens of scale number `index`, from 0, are drawn."""
        if self.fine_temperature is None or index < FINE:
            return self
        return replace(self, temperature=self.fine_temperature)


@dataclass(frozen=True)
class TimeMARConfig:
    """All parameters; a group's arguments carry its prefix: `weight_`, `stage1_`, `stage2_`."""

    tokenizer: TokenizerSizes
    transformer: TransformerSizes
    weights: LossWeights
    stage1: StageConfig
    stage2: StageConfig
    sampling: Sampling
    reseed_every: int
    mixing: float
    corruption: float
    holdout: float
    ema: float
    clip: float
    precision: Precision
    compiled: bool

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Self:
        """The groups of validated constructor arguments."""

        def group(kind: type[Any], prefix: str = "") -> Any:
            return kind(**{entry.name: parameters[prefix + entry.name] for entry in fields(kind)})

        return cls(
            tokenizer=group(TokenizerSizes),
            transformer=group(TransformerSizes),
            weights=group(LossWeights, "weight_"),
            stage1=group(StageConfig, "stage1_"),
            stage2=group(StageConfig, "stage2_"),
            sampling=group(Sampling),
            reseed_every=parameters["reseed_every"],
            mixing=parameters["mixing"],
            corruption=parameters["corruption"],
            holdout=parameters["holdout"],
            ema=parameters["stage2_ema"],
            clip=parameters["clip"],
            precision=parameters["precision"],
            compiled=parameters["compiled"],
        )
