"""TimeVAE as a generator: a convolutional variational autoencoder whose decoder can add trend and seasons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import torch
from pydantic import Field
from safetensors.torch import load_file, save_file
from torch import Tensor

from baselines.timevae_network import Sizes, TimeVAENetwork, divergence, reconstruction
from benchmark.checks import check_sampling, check_windows
from benchmark.errors import DivergedError, UserError
from benchmark.interface import FitContext, Generator, Windows, read_parameters, write_parameters
from benchmark.training import build, count_parameters, optimizer_state, restore_optimizer, train

Count = Annotated[int, Field(ge=1)]
Pattern = tuple[Count, Count]

_SAMPLE_STEPS = 1 << 16  # steps of windows decoded side by side: bounds memory


class TimeVAE(Generator):
    """A convolutional VAE with an additive decoder (TimeVAE, Desai et al. 2021; the values are the official code's).

    `filters` of the encoder's layers, each of which halves T; `latent` numbers; a trend of degree `trend_poly` (0: none);
    `seasons` as pairs (seasons, steps of one). Training is as long as exactly one of `steps` and `epochs` says. The last weights
    are sampled: the decoded mean of a standard normal draw, clipped to [0, 1].
    """

    version: ClassVar[int] = 1

    def __init__(
        self,
        filters: Annotated[tuple[Count, ...], Field(min_length=1)] = (50, 100, 200),
        latent: Count = 8,
        trend_poly: Annotated[int, Field(ge=0)] = 0,
        seasons: tuple[Pattern, ...] = (),
        residual: bool = True,
        reconstruction_weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3.0,
        epochs: Count | None = 1000,
        steps: Count | None = None,
        batch: Count = 16,
        rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e-3,
    ) -> None:
        self.filters = filters
        self.latent = latent
        self.trend_poly = trend_poly
        self.seasons = seasons
        self.residual = residual
        self.reconstruction_weight = reconstruction_weight
        self.epochs = epochs
        self.steps = steps
        self.batch = batch
        self.rate = rate

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Train on windows (N, T, D) in [0, 1]; raises UserError, DivergedError or Interrupted."""
        values = self.parameters()
        count, length, features = check_windows(windows, self)
        steps = _steps(values, count)
        seeds = torch.randint(2**31, (2,), generator=_generator(context.seed)).tolist()
        data = torch.tensor(windows, device=context.device)
        network = build(lambda: _make(length, features, values), _generator(seeds[0]), context.device)
        task = EvidenceTask(
            network, data, batch=values["batch"], rate=values["rate"], weight=values["reconstruction_weight"]
        )
        train(task, name="vae", steps=steps, context=context, generator=_generator(seeds[1], context.device))
        self.network_ = network.eval().requires_grad_(False)
        self.shape_ = (length, features)
        return self

    @torch.no_grad()
    def sample(self, n: int, seed: int) -> Windows:
        """`n` new windows (n, T, D), float32, clipped to [0, 1]; raises UserError before `fit` or `load` or for n < 1."""
        check_sampling(self, "network_", n)
        latent = torch.randn((n, self.parameters()["latent"]), generator=_generator(seed))
        device = next(self.network_.parameters()).device
        parts = latent.split(max(1, _SAMPLE_STEPS // self.shape_[0]))
        windows = torch.cat([self.network_.decode(part.to(device)) for part in parts])
        if not bool(torch.isfinite(windows).all()):
            raise DivergedError("TimeVAE decoded windows that are not finite")
        return windows.clamp(0.0, 1.0).cpu().numpy()

    def save(self, folder: Path) -> None:
        """Write `model.safetensors` and `generator.json`."""
        tensors = {name: value.cpu().contiguous() for name, value in self.network_.state_dict().items()}
        save_file(tensors, folder / "model.safetensors")
        write_parameters(self, folder, shape=list(self.shape_))

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """The generator that `save` wrote, ready to sample on `device`."""
        parameters, fitted = read_parameters(folder)
        generator = cls(**parameters)
        length, features = fitted["shape"]
        values = generator.parameters()
        network = build(lambda: _make(length, features, values), _generator(0))
        network.load_state_dict(load_file(folder / "model.safetensors"))
        generator.network_ = network.to(device).eval().requires_grad_(False)
        generator.shape_ = (length, features)
        return generator

    @property
    def num_parameters(self) -> int:
        """Learned numbers of encoder and decoder; 0 before `fit`."""
        return count_parameters(self.network_) if hasattr(self, "network_") else 0

    def parts(self, length: int, features: int) -> Mapping[str, int]:
        """Learned numbers by part for windows (T=length, D=features); raises UserError for parameters that do not fit."""
        values = self.parameters()
        with torch.device("meta"):
            network = _make(length, features, values)
        return {"encoder": count_parameters(network.encoder), "decoder": count_parameters(network.decoder)}


class EvidenceTask:
    """Weighted reconstruction plus divergence, summed over the batch; batches go through shuffled epochs, the last one short."""

    def __init__(self, network: TimeVAENetwork, windows: Tensor, *, batch: int, rate: float, weight: float) -> None:
        self.network, self.windows, self.weight = network, windows, weight
        self.batch = min(batch, len(windows))
        self.latent = network.encoder.mean.out_features
        self.order = torch.arange(len(windows), device=windows.device)
        self.optimizer = torch.optim.Adam(network.parameters(), lr=rate, eps=1e-7, fused=True)  # ε is Keras's

    def step(self, step: int, generator: torch.Generator) -> Mapping[str, Tensor]:
        """One optimizer step; figures: the loss and its terms, each a window."""
        windows = self.windows[self._rows(step, generator)]
        count = len(windows)
        normal = torch.randn((count, self.latent), generator=generator, device=windows.device)
        decoded, mean, log_variance = self.network(windows, normal)
        error, nats = reconstruction(windows, decoded), divergence(mean, log_variance)
        loss = self.weight * error + nats
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return {
            "loss": loss.detach() / count,
            "reconstruction": error.detach() / count,
            "divergence": nats.detach() / count,
        }

    def _rows(self, step: int, generator: torch.Generator) -> Tensor:
        place = step % math.ceil(len(self.windows) / self.batch)
        if place == 0:
            self.order = torch.randperm(len(self.windows), generator=generator, device=self.windows.device)
        return self.order[place * self.batch : (place + 1) * self.batch]

    def state(self) -> dict[str, Tensor]:
        """Weights, the epoch's order and the optimizer's moments."""
        weights = {f"model.{name}": value for name, value in self.network.state_dict().items()}
        return {**weights, "order": self.order, **optimizer_state(self.optimizer)}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""
        self.network.load_state_dict({k.removeprefix("model."): v for k, v in state.items() if k.startswith("model.")})
        self.order = state["order"].to(self.windows.device)
        restore_optimizer(self.optimizer, state)


def _steps(values: Mapping[str, Any], windows: int) -> int:
    """Steps from whichever of steps and epochs is given; raises UserError for both or neither."""
    steps, epochs = values["steps"], values["epochs"]
    if (steps is None) == (epochs is None):
        given = "neither" if steps is None else "both"
        raise UserError(f"TimeVAE was given {given} of steps and epochs; set exactly one and the other to null.")
    return steps if steps is not None else epochs * math.ceil(windows / values["batch"])


def _make(length: int, features: int, values: Mapping[str, Any]) -> TimeVAENetwork:
    return TimeVAENetwork(length, features, Sizes(**{name: values[name] for name in Sizes._fields}))


def _generator(seed: int, device: str = "cpu") -> torch.Generator:
    return torch.Generator(device=device).manual_seed(seed)
