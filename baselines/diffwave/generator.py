"""DiffWave as a generator of windows: its audio denoiser with as many channels as there are features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from baselines.diffusion.generator import DiffusionGenerator
from baselines.diffusion.sampler import Predict
from baselines.diffusion.schedule import NoiseSchedule, linear_betas
from baselines.diffusion.training import NoiseTask
from baselines.diffwave.network import DiffWaveNetwork, Sizes
from benchmark.interface import Depth

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, lt=1)]

_ERRORS = {"l1": functional.l1_loss, "mse": functional.mse_loss}


@dataclass(eq=False)
class DiffWave(DiffusionGenerator):
    """Gated dilated convolutions that predict the noise (DiffWave, Kong et al. 2021), adapted to windows; see its page.

    `channels` in `layers` residual layers, whose dilation doubles from 1 and starts again after `dilation_cycle` of them (null:
    ⌈log2 T⌉). β goes linearly from `first_beta` to `last_beta` in `diffusion_steps`. The last weights are sampled, by
    `sampling_steps` steps: all (null, DDPM), or fewer without noise (DDIM). Samples are clipped to [0, 1]. The
    learning rate falls to 0 in the last `cooldown` share of the steps (0: constant, as the official one).
    """

    version: ClassVar[int] = 1
    clamps: ClassVar[bool] = False

    channels: Count = 64
    layers: Depth = 30
    dilation_cycle: Count | None = None
    diffusion_steps: Count = 500
    first_beta: Share = 2e-4
    last_beta: Share = 0.04
    sampling_steps: Count | None = None
    error: Literal["l1", "mse"] = "l1"
    steps: Count = 100_000
    batch: Count = 16
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2e-4
    cooldown: Annotated[float, Field(ge=0, le=1)] = 0.0

    def training_windows(self, windows: int) -> int | None:
        """Windows in all batches of a fit."""
        del windows
        return self.steps * self.batch

    def _network(self, length: int, features: int) -> DiffWaveNetwork:
        values = self.parameters()
        return DiffWaveNetwork(length, features, Sizes(**{name: values[name] for name in Sizes._fields}))

    def _betas(self, values: Mapping[str, Any]) -> Tensor:
        return linear_betas(values["diffusion_steps"], values["first_beta"], values["last_beta"])

    def _task(
        self, network: nn.Module, schedule: NoiseSchedule, windows: Tensor, values: Mapping[str, Any]
    ) -> NoiseTask:
        return NoiseTask(
            network,
            schedule,
            windows,
            batch=values["batch"],
            keep_short=False,
            error=_ERRORS[values["error"]],
            learning_rate=lambda step: cooled(step, values["steps"], values["learning_rate"], values["cooldown"]),
        )

    def _predict(self, network: nn.Module, schedule: NoiseSchedule) -> Predict:
        device = schedule.betas.device
        return lambda x, step: schedule.clean(x, step, network(x, torch.tensor([step], device=device)))


def cooled(step: int, steps: int, learning_rate: float, share: float) -> float:
    """`learning_rate`, falling linearly to 0 over the last `share` of the steps."""
    return learning_rate * min(1.0, (steps - step) / (share * steps)) if share else learning_rate
