"""TimeVAE as a generator: a convolutional variational autoencoder whose decoder can add trend and seasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self, cast

import torch
from pydantic import Field
from torch import Tensor

from baselines.timevae.network import Sizes, TimeVAENetwork, divergence, reconstruction
from benchmark.interface import FitContext, Windows, check_windows
from benchmark.training import EpochTask, NetworkGenerator, as_tensor, build, count_steps, seeded, train

Count = Annotated[int, Field(ge=1)]
Pattern = tuple[Count, Count]

_SAMPLE_STEPS = 1 << 16  # steps of windows decoded side by side: bounds memory


@dataclass(eq=False)
class TimeVAE(NetworkGenerator):
    """A convolutional VAE with an additive decoder (TimeVAE, Desai et al. 2021; the values are the official code's).

    `filters` of the encoder's layers, each of which halves T; `latent` dimensions; a trend of degree `trend_poly` (0: none);
    `seasons` as pairs (seasons, steps of one). Training is as long as exactly one of `steps` and `epochs` says. The last weights
    are sampled: the decoded mean of a standard normal draw, clipped to [0, 1]. Inside, every step of every feature is scaled to
    [0, 1] by its range over the training windows.
    """

    version: ClassVar[int] = 2

    filters: Annotated[tuple[Count, ...], Field(min_length=1)] = (50, 100, 200)
    latent: Count = 8
    trend_poly: Annotated[int, Field(ge=0)] = 0
    seasons: tuple[Pattern, ...] = ()
    residual: bool = True
    reconstruction_weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3.0
    epochs: Count | None = 1000
    steps: Count | None = None
    batch: Count = 16
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e-3

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Train on windows (N, T, D) in [0, 1]; raises UserError, DivergedError or Interrupted."""
        values = self.parameters()
        count, length, features = check_windows(windows, self)
        steps = self._steps(values, count)
        seeds = torch.randint(2**31, (2,), generator=seeded(context.seed)).tolist()
        data = as_tensor(windows, context.device)
        network = build(lambda: self._network(length, features), seeded(seeds[0]), context.device)
        network.scaler.fit(data)
        task = EvidenceTask(
            network,
            network.scaler.transform(data),
            batch=values["batch"],
            learning_rate=values["learning_rate"],
            weight=values["reconstruction_weight"],
        )
        train(task, name="vae", steps=steps, context=context, rng=seeded(seeds[1], context.device))
        return self._keep(network, (length, features))

    def training_windows(self, windows: int) -> int | None:
        """Windows in all batches of a fit."""
        return self._steps(vars(self), windows) * self.batch

    def _steps(self, values: Mapping[str, Any], windows: int) -> int:
        return count_steps("TimeVAE", values["steps"], values["epochs"], windows, values["batch"])

    def _network(self, length: int, features: int) -> TimeVAENetwork:
        values = self.parameters()
        return TimeVAENetwork(length, features, Sizes(**{name: values[name] for name in Sizes._fields}))

    def _draw(self, n: int, seed: int) -> Tensor:
        latent = torch.randn((n, self.parameters()["latent"]), generator=seeded(seed))
        parts = latent.split(max(1, _SAMPLE_STEPS // self.shape_[0]))
        return torch.cat([cast(TimeVAENetwork, self.network_).synthesize(part.to(self.device)) for part in parts])


class EvidenceTask(EpochTask[TimeVAENetwork]):
    """Weighted reconstruction plus divergence, summed over the batch; an epoch's last batch is short."""

    def __init__(
        self, network: TimeVAENetwork, windows: Tensor, *, batch: int, learning_rate: float, weight: float
    ) -> None:
        optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate, eps=1e-7, fused=True)  # ε is Keras's
        super().__init__(network, windows, optimizer, batch=batch, keep_short=True)
        self.weight, self.latent = weight, network.encoder.mean.out_features

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One optimizer step; metrics: the loss and its terms, each a window."""
        windows = self.batches.draw(step, rng)
        count = len(windows)
        normal = torch.randn((count, self.latent), generator=rng, device=windows.device)
        decoded, mean, log_variance = self.network(windows, normal)
        error, nats = reconstruction(windows, decoded), divergence(mean, log_variance)
        loss = self.weight * error + nats
        self.descend(loss)
        return {
            "loss": loss.detach() / count,
            "reconstruction": error.detach() / count,
            "divergence": nats.detach() / count,
        }
