"""Diffusion-TS as a generator: a diffusion model whose denoiser predicts windows as trend plus season."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, cast

from pydantic import Field
from torch import Tensor, nn

from baselines.diffusion.averaged import AveragedTask, averaged
from baselines.diffusion.generator import DiffusionGenerator
from baselines.diffusion.learning_rate import Plateau, PlateauSchedule
from baselines.diffusion.prepared import PreparedNetwork
from baselines.diffusion.sampler import Predict
from baselines.diffusion.schedule import NoiseSchedule, cosine_betas
from baselines.diffusion.trend_season import Sizes, check_season_kernel
from baselines.diffusion_ts.network import DiffusionTSNetwork
from baselines.diffusion_ts.training import TimeFrequencyLoss
from benchmark.errors import UserError
from benchmark.interface import Depth

Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]

_LEAST_LENGTH = 7  # of which three frequencies remain, so that at least one is kept


@dataclass(eq=False)
class DiffusionTS(DiffusionGenerator):
    """A transformer that predicts x_0 as trend and season (Diffusion-TS, Yuan and Qiao 2024; values of the official code).

    `batch` windows make a micro-batch; a step averages `micro_batches` of them. The learning rate grows from
    `first_learning_rate` to `learning_rate` in `warmup` steps and halves after `patience` steps without a loss 10 % below the
    best. Samples come from averaged weights in `sampling_steps` steps: all (null, DDPM), or fewer without noise (DDIM); they
    are clipped to [0, 1].
    """

    version: ClassVar[int] = 3

    width: Annotated[int, Field(ge=4, multiple_of=2)] = 64
    heads: Count = 4
    encoder_layers: Depth = 2
    decoder_layers: Depth = 2
    season_kernel: Count = 1
    diffusion_steps: Annotated[int, Field(ge=2)] = 500
    sampling_steps: Count | None = None
    steps: Count = 10_000
    batch: Count = 64
    micro_batches: Count = 2
    learning_rate: Rate = 8e-4
    first_learning_rate: Rate = 1e-5
    warmup: Annotated[int, Field(ge=0)] = 500
    patience: Count = 2000
    average_decay: Annotated[float, Field(ge=0, lt=1)] = 0.995
    average_every: Count = 10
    average_start: Annotated[int, Field(ge=0)] = 100

    def training_windows(self, windows: int) -> int | None:
        """Windows in all batches of a fit."""
        del windows
        return self.steps * self.micro_batches * self.batch

    def _network(self, length: int, features: int) -> DiffusionTSNetwork:
        values = self.parameters()
        sizes = Sizes(**{name: values[name] for name in Sizes._fields})
        if sizes.width % sizes.heads:
            raise UserError(
                f"DiffusionTS's width {sizes.width} is not divisible by its {sizes.heads} heads; choose one that is."
            )
        check_season_kernel("DiffusionTS", sizes.season_kernel, length)
        if length < _LEAST_LENGTH:
            raise UserError(
                f"DiffusionTS was given windows of T = {length}; its seasons need {_LEAST_LENGTH} steps or more."
            )
        return DiffusionTSNetwork(length, features, sizes, values["diffusion_steps"])

    def _betas(self, values: Mapping[str, Any]) -> Tensor:
        return cosine_betas(values["diffusion_steps"])

    def _task(
        self, network: nn.Module, schedule: NoiseSchedule, windows: Tensor, values: Mapping[str, Any]
    ) -> AveragedTask:
        plateau = Plateau(values["first_learning_rate"], values["learning_rate"], values["warmup"], values["patience"])
        return AveragedTask(
            network,
            windows,
            TimeFrequencyLoss(network, schedule, windows.shape[1]),
            batch=values["batch"],
            micro_batches=values["micro_batches"],
            learning_rate=PlateauSchedule(plateau),
            average=averaged(network, values),
        )

    def _predict(self, network: nn.Module, schedule: NoiseSchedule) -> Predict:
        del schedule
        denoiser = cast(DiffusionTSNetwork, network)
        return PreparedNetwork(denoiser, denoiser.code.table)
