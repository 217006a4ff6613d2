"""TimeGAN as a generator: an adversarial model of the latent steps of an autoencoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Self, cast

import torch
from pydantic import Field
from torch import Tensor

from baselines.timegan.networks import Networks
from baselines.timegan.training import EmbeddingTask, JointTask, SupervisedTask
from benchmark.errors import UserError
from benchmark.interface import FitContext, Windows, check_windows
from benchmark.training import NetworkGenerator, Task, as_tensor, build, seeded, train

Count = Annotated[int, Field(ge=1)]

_SAMPLE_ROWS = 1 << 16  # steps of windows sampled side by side: bounds memory


@dataclass(eq=False)
class TimeGAN(NetworkGenerator):
    """Generator and discriminator in the latent space of an autoencoder, with a supervised step (TimeGAN, Yoon et al. 2019).

    The values are the official code's. `hidden` units in `layers` GRU layers (the supervisor has one fewer); each phase has its
    own number of steps at `learning_rate`; the discriminator is not updated while its loss is at most
    `discriminator_threshold` nats. Samples come from the last weights, clipped to [0, 1].
    """

    version: ClassVar[int] = 1

    hidden: Count = 24
    layers: Annotated[int, Field(ge=2, le=1000)] = 3
    embedding_steps: Count = 50_000
    supervised_steps: Count = 50_000
    joint_steps: Count = 50_000
    batch: Count = 128
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e-3
    gamma: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    discriminator_threshold: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.15

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Train the three phases on windows (N, T, D) in [0, 1]; raises UserError, DivergedError or Interrupted."""
        values = self.parameters()
        _, length, features = check_windows(windows, self)
        seeds = torch.randint(2**31, (4,), generator=seeded(context.seed)).tolist()
        data = as_tensor(windows, context.device)
        networks = build(lambda: self._network(length, features), seeded(seeds[0]), context.device)
        networks.fit(data)
        series = networks.transform(data)
        batch, learning_rate = values["batch"], values["learning_rate"]
        joint = JointTask(
            networks,
            series,
            batch=batch,
            learning_rate=learning_rate,
            gamma=values["gamma"],
            threshold=values["discriminator_threshold"],
        )
        phases: dict[str, Task] = {
            "embedding": EmbeddingTask(networks, series, batch=batch, learning_rate=learning_rate),
            "supervised": SupervisedTask(networks, series, batch=batch, learning_rate=learning_rate),
            "joint": joint,
        }
        for (name, task), seed in zip(phases.items(), seeds[1:], strict=True):
            stream = seeded(seed, context.device)
            train(task, name=name, steps=values[f"{name}_steps"], context=context, rng=stream)
        return self._keep(networks, (length, features))

    def training_windows(self, windows: int) -> int | None:
        """Windows in all batches of a fit; a step of the joint phase draws three batches."""
        del windows
        return (self.embedding_steps + self.supervised_steps + 3 * self.joint_steps) * self.batch

    def _network(self, length: int, features: int) -> Networks:
        if length < 2:
            raise UserError(
                f"TimeGAN learns the step after each step; give it windows of T = 2 or more steps, not {length}."
            )
        values = self.parameters()
        return Networks(features, values["hidden"], values["layers"])

    def _draw(self, n: int, seed: int) -> Tensor:
        noise = torch.rand((n, *self.shape_), generator=seeded(seed)).to(self.device)
        parts = noise.split(max(1, _SAMPLE_ROWS // self.shape_[0]))
        return torch.cat([cast(Networks, self.network_).synthesize(part) for part in parts])
