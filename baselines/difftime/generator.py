"""DiffTime as a generator: CSDI's denoiser without conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from baselines.difftime.network import DiffTimeNetwork, Sizes
from baselines.diffusion.generator import DiffusionGenerator
from baselines.diffusion.sampler import Predict
from baselines.diffusion.schedule import NoiseSchedule, quadratic_betas
from baselines.diffusion.training import NoiseTask
from benchmark.errors import UserError
from benchmark.interface import Depth

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, lt=1)]


@dataclass(eq=False)
class DiffTime(DiffusionGenerator):
    """Attention over time and features that predicts the noise (DiffTime, Coletta et al. 2023, as CSDI without conditions).

    `channels` in `layers` residual layers; √β goes linearly from √first_beta to √last_beta in `diffusion_steps`. The
    learning rate falls to a tenth after 75 % and again after 90 % of the steps. Samples come from the last weights in
    `sampling_steps` steps: all (null, DDPM), or fewer of the same kind (a respaced chain); they are clipped to [0, 1].
    """

    version: ClassVar[int] = 4
    clamps: ClassVar[bool] = False
    noisy_jumps: ClassVar[bool] = True
    per_feature: ClassVar[bool] = True

    channels: Count = 64
    layers: Depth = 4
    heads: Count = 8
    feature_width: Count = 16
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    diffusion_steps: Count = 50
    first_beta: Share = 1e-4
    last_beta: Share = 0.5
    sampling_steps: Count | None = None
    steps: Count = 50_000
    batch: Count = 16
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e-3
    decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1e-6

    def training_windows(self, windows: int) -> int | None:
        """Windows in all batches of a fit."""
        del windows
        return self.steps * self.batch

    def _network(self, length: int, features: int) -> DiffTimeNetwork:
        values = self.parameters()
        channels, heads = values["channels"], values["heads"]
        if channels % heads:
            raise UserError(
                f"DiffTime's channels {channels} are not divisible by its {heads} heads; choose some that are."
            )
        return DiffTimeNetwork(length, features, Sizes(**{name: values[name] for name in Sizes._fields}))

    def _betas(self, values: Mapping[str, Any]) -> Tensor:
        return quadratic_betas(values["diffusion_steps"], values["first_beta"], values["last_beta"])

    def _task(
        self, network: nn.Module, schedule: NoiseSchedule, windows: Tensor, values: Mapping[str, Any]
    ) -> NoiseTask:
        steps, learning_rate = values["steps"], values["learning_rate"]
        return NoiseTask(
            network,
            schedule,
            windows,
            batch=values["batch"],
            keep_short=True,
            error=functional.mse_loss,
            learning_rate=lambda step: falling_learning_rate(step, steps, learning_rate),
            decay=values["decay"],
        )

    def _predict(self, network: nn.Module, schedule: NoiseSchedule) -> Predict:
        device = schedule.betas.device
        return lambda x, step: schedule.clean(x, step, network(x, torch.tensor([step], device=device)))


def falling_learning_rate(step: int, steps: int, learning_rate: float) -> float:
    """`learning_rate`, a tenth of it from 75 % of the steps, a hundredth from 90 % (CSDI's schedule)."""
    return learning_rate * 0.1 ** sum(step >= int(share * steps) for share in (0.75, 0.9))
