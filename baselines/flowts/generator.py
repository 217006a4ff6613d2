"""FlowTS as a generator: a rectified flow whose velocity is predicted as trend plus season."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, Self, cast

import torch
from pydantic import Field
from torch import Tensor, nn

from baselines.diffusion.averaged import AveragedTask, averaged
from baselines.diffusion.generator import DenoiserGenerator, Sampler
from baselines.diffusion.learning_rate import CosineSchedule, LearningRate, Plateau, PlateauSchedule
from baselines.diffusion.prepared import PreparedNetwork
from baselines.diffusion.trend_season import Sizes, check_season_kernel
from baselines.flowts.flow import Times, flow_loss, integrate, time_grid
from baselines.flowts.network import FlowTSNetwork
from benchmark.errors import UserError
from benchmark.interface import Depth, FitContext, Windows

Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(eq=False)
class FlowTS(DenoiserGenerator):
    """Rectified flow with a velocity of trend and season (FlowTS, first FM-TS, 2024; values of the official code).

    `batch` windows make a micro-batch; a step averages `micro_batches` of them; a window's time is drawn as `times` says. With
    `schedule` plateau the learning rate grows from `first_learning_rate` to `learning_rate` in `warmup` steps and halves after
    `patience` steps without a loss 10 % below the best; with cosine it grows from 0 and falls to 0. Samples come from averaged
    weights by `sampling_steps` Euler steps, which grow towards the data by `shift` (1: equal steps), and are clipped to [0, 1].
    After `fit`, `measurements_` holds the share of drawn values outside [0, 1] before that.
    """

    version: ClassVar[int] = 2

    width: Annotated[int, Field(ge=4, multiple_of=2)] = 64
    heads: Count = 4
    encoder_layers: Depth = 2
    decoder_layers: Depth = 2
    season_kernel: Count = 1
    times: Times = "uniform"
    sampling_steps: Count = 100
    shift: Rate = 3.0
    steps: Count = 10_000
    batch: Count = 64
    micro_batches: Count = 2
    schedule: Literal["plateau", "cosine"] = "plateau"
    learning_rate: Rate = 8e-4
    first_learning_rate: Rate = 1e-5
    warmup: Annotated[int, Field(ge=0)] = 500
    patience: Count = 2000
    average_decay: Annotated[float, Field(ge=0, lt=1)] = 0.995
    average_every: Count = 10
    average_start: Annotated[int, Field(ge=0)] = 100

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Train on windows (N, T, D) in [0, 1]; raises UserError, DivergedError or Interrupted."""
        super().fit(windows, context)
        with torch.inference_mode():
            drawn = self._draw(self._batch("cpu"), context.seed)
        self.measurements_["share_outside"] = float(((drawn < 0) | (drawn > 1)).float().mean())
        return self

    def training_windows(self, windows: int) -> int | None:
        """Windows in all batches of a fit."""
        del windows
        return self.steps * self.micro_batches * self.batch

    def _network(self, length: int, features: int) -> FlowTSNetwork:
        values = self.parameters()
        sizes = Sizes(**{name: values[name] for name in Sizes._fields})
        if sizes.width % (2 * sizes.heads):
            raise UserError(
                f"FlowTS's width {sizes.width} is not divisible by twice its {sizes.heads} heads; choose one that is."
            )
        check_season_kernel("FlowTS", sizes.season_kernel, length)
        return FlowTSNetwork(length, features, sizes)

    def _training(self, network: nn.Module, windows: Tensor, values: Mapping[str, Any]) -> AveragedTask:
        return AveragedTask(
            network,
            windows,
            partial(flow_loss, network, values["times"]),
            batch=values["batch"],
            micro_batches=values["micro_batches"],
            learning_rate=_learning_rate(values),
            average=averaged(network, values),
        )

    def _sampler(self, values: Mapping[str, Any]) -> Sampler:
        network = cast(FlowTSNetwork, self.network_)
        times = time_grid(values["sampling_steps"], values["shift"])
        velocity = PreparedNetwork(network, network.code(times[:-1].float().to(self.device)))

        def sample(noise: Tensor, rng: torch.Generator) -> Tensor:
            del rng
            return integrate(velocity, noise, times)

        return sample


def _learning_rate(values: Mapping[str, Any]) -> LearningRate:
    first, peak, warmup = values["first_learning_rate"], values["learning_rate"], values["warmup"]
    if values["schedule"] == "cosine":
        return CosineSchedule(values["steps"], peak, warmup)
    return PlateauSchedule(Plateau(first, peak, warmup, values["patience"]))
