"""KoVAE as a generator: a recurrent prior over latent sequences and the decoder of a variational autoencoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self, cast

import torch
from pydantic import Field
from torch import Tensor, nn

from baselines.kovae.network import KoVAENetwork, Sizes, divergence, koopman_error, reconstruction
from benchmark.errors import UserError
from benchmark.interface import Depth, FitContext, Windows, check_windows
from benchmark.training import (
    EpochTask,
    NetworkGenerator,
    as_tensor,
    count_steps,
    seeded,
    set_learning_rate,
    train,
    warmup_cosine,
)

Count = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]

_SAMPLE_STEPS = 1 << 16  # steps of windows drawn side by side: bounds memory


@dataclass(eq=False)
class KoVAE(NetworkGenerator):
    """A sequential VAE whose prior is a GRU run on its own samples (KoVAE, Naiman et al. 2024; values of the official code).

    `latent` dimensions a step, `hidden` units, `layers` of both GRUs. The loss is the squared error, `divergence_weight` times
    the divergence and `koopman_weight` times what a linear map cannot predict of the prior's samples (0: without). Training is as
    long as exactly one of `steps` and `epochs` says, its learning rate constant or with `decay` cosine down to 0, its gradient
    cut to the norm `clip` (None: as it is). The last weights are sampled.
    """

    version: ClassVar[int] = 1

    latent: Count = 16
    hidden: Count = 20
    layers: Depth = 3
    divergence_weight: Weight = 0.007
    koopman_weight: Weight = 0.005
    epochs: Count | None = 600
    steps: Count | None = None
    batch: Count = 64
    learning_rate: Positive = 7e-4
    decay: Literal["constant", "cosine"] = "constant"
    clip: Positive | None = None

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Train on windows (N, T, D) in [0, 1]; raises UserError, DivergedError or Interrupted."""
        values = self.parameters()
        count, length, features = check_windows(windows, self)
        steps = self._steps(values, count)
        seeds = torch.randint(2**31, (2,), generator=seeded(context.seed)).tolist()
        data = as_tensor(windows, context.device)
        network = self._build(length, features, seeded(seeds[0]), context.device)
        task = SequenceTask(cast(KoVAENetwork, network), data, values, steps)
        train(task, name="vae", steps=steps, context=context, rng=seeded(seeds[1], context.device))
        return self._keep(network, (length, features))

    def training_windows(self, windows: int) -> int | None:
        """Windows in all batches of a fit."""
        return self._steps(vars(self), windows) * self.batch

    def _steps(self, values: Mapping[str, Any], windows: int) -> int:
        return count_steps("KoVAE", values["steps"], values["epochs"], windows, values["batch"])

    def _network(self, length: int, features: int) -> nn.Module:
        if length < 2:
            raise UserError(f"KoVAE predicts the step after each step; give it windows of T = 2 or more, not {length}.")
        values = self.parameters()
        return KoVAENetwork(features, Sizes(**{name: values[name] for name in Sizes._fields}))

    def _draw(self, n: int, seed: int) -> Tensor:
        network, length = cast(KoVAENetwork, self.network_), self.shape_[0]
        noise = torch.randn((n, length, network.latent), generator=seeded(seed))
        made = []
        for part in noise.split(max(1, _SAMPLE_STEPS // length)):
            latent, _ = network.draw(part.transpose(0, 1).contiguous().to(self.device))
            made.append(network.decode(latent))
        return torch.cat(made)


class SequenceTask(EpochTask[KoVAENetwork]):
    """Adam on reconstruction, divergence and the Koopman term; an epoch's last batch is short."""

    def __init__(self, network: KoVAENetwork, windows: Tensor, values: Mapping[str, Any], steps: int) -> None:
        optimizer = torch.optim.Adam(network.parameters(), lr=values["learning_rate"], fused=True)
        super().__init__(network, windows, optimizer, batch=values["batch"], keep_short=True)
        self.values, self.steps = values, steps

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One optimizer step; metrics: the loss and its terms, unweighted."""
        windows, values = self.batches.draw(step, rng), self.values
        shape = (2, windows.shape[1], len(windows), self.network.latent)
        noise, prior_noise = torch.randn(shape, generator=rng, device=windows.device)
        posterior = self.network.encode(windows)
        decoded = self.network.decode(posterior.mean + (0.5 * posterior.log_variance).exp() * noise)
        drawn, prior = self.network.draw(prior_noise)
        error, nats, koopman = reconstruction(windows, decoded), divergence(posterior, prior), koopman_error(drawn)
        loss = error + values["divergence_weight"] * nats + values["koopman_weight"] * koopman
        if values["decay"] == "cosine":
            set_learning_rate(self.optimizer, warmup_cosine(step, self.steps, values["learning_rate"], warmup=0))
        if values["clip"] is None:
            self.descend(loss)
        else:
            self.descend_clipped(loss, values["clip"])
        terms = {"loss": loss, "reconstruction": error, "divergence": nats, "koopman": koopman}
        return {name: value.detach() for name, value in terms.items()}
