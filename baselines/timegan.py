"""TimeGAN as a generator: an adversarial model of the latent steps of an autoencoder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Self

import torch
from pydantic import Field
from safetensors.torch import load_file, save_file

from baselines.timegan_networks import Networks
from baselines.timegan_training import EmbeddingTask, JointTask, SupervisedTask
from benchmark.checks import check_sampling, check_windows
from benchmark.errors import DivergedError, UserError
from benchmark.interface import FitContext, Generator, Windows, read_parameters, write_parameters
from benchmark.training import Task, build, count_parameters, train

Count = Annotated[int, Field(ge=1)]

_SAMPLE_ROWS = 1 << 16  # steps of windows sampled side by side: bounds memory


class TimeGAN(Generator):
    """Generator and discriminator in the latent space of an autoencoder, with a supervised step (TimeGAN, Yoon et al. 2019).

    The values are the official code's. `hidden` units in `layers` GRU layers (the supervisor has one fewer); each phase has its
    own number of steps at `rate`; the discriminator rests while its loss is at most `discriminator_threshold` nats. The last
    weights are sampled; samples are clipped to [0, 1].
    """

    version: ClassVar[int] = 1

    def __init__(
        self,
        hidden: Count = 24,
        layers: Annotated[int, Field(ge=2)] = 3,
        embedding_steps: Count = 50_000,
        supervised_steps: Count = 50_000,
        joint_steps: Count = 50_000,
        batch: Count = 128,
        rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e-3,
        gamma: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0,
        discriminator_threshold: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.15,
    ) -> None:
        self.hidden = hidden
        self.layers = layers
        self.embedding_steps = embedding_steps
        self.supervised_steps = supervised_steps
        self.joint_steps = joint_steps
        self.batch = batch
        self.rate = rate
        self.gamma = gamma
        self.discriminator_threshold = discriminator_threshold

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Train the three phases on windows (N, T, D) in [0, 1]; raises UserError, DivergedError or Interrupted."""
        values = self.parameters()
        _, length, features = check_windows(windows, self)
        _check_length(length)
        seeds = torch.randint(2**31, (4,), generator=_generator(context.seed)).tolist()
        data = torch.tensor(windows, device=context.device)
        networks = build(
            lambda: Networks(features, values["hidden"], values["layers"]), _generator(seeds[0]), context.device
        )
        networks.measure(data)
        series = networks.scale(data)
        batch, rate = values["batch"], values["rate"]
        joint = JointTask(
            networks,
            series,
            batch=batch,
            rate=rate,
            gamma=values["gamma"],
            threshold=values["discriminator_threshold"],
        )
        phases: dict[str, Task] = {
            "embedding": EmbeddingTask(networks, series, batch=batch, rate=rate),
            "supervised": SupervisedTask(networks, series, batch=batch, rate=rate),
            "joint": joint,
        }
        for (name, task), seed in zip(phases.items(), seeds[1:], strict=True):
            stream = _generator(seed, context.device)
            train(task, name=name, steps=values[f"{name}_steps"], context=context, generator=stream)
        self.networks_ = networks.eval().requires_grad_(False)
        self.shape_ = (length, features)
        return self

    @torch.no_grad()
    def sample(self, n: int, seed: int) -> Windows:
        """`n` new windows (n, T, D), float32, clipped to [0, 1]; raises UserError before `fit` or `load` or for n < 1."""
        check_sampling(self, "networks_", n)
        noise = torch.rand((n, *self.shape_), generator=_generator(seed)).to(self.networks_.low.device)
        parts = noise.split(max(1, _SAMPLE_ROWS // self.shape_[0]))
        windows = torch.cat([self.networks_.synthesize(part) for part in parts])
        if not bool(torch.isfinite(windows).all()):
            raise DivergedError("TimeGAN generated windows that are not finite")
        return windows.clamp(0.0, 1.0).cpu().numpy()

    def save(self, folder: Path) -> None:
        """Write `model.safetensors` and `generator.json`."""
        tensors = {name: value.cpu().contiguous() for name, value in self.networks_.state_dict().items()}
        save_file(tensors, folder / "model.safetensors")
        write_parameters(self, folder, shape=list(self.shape_))

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """The generator that `save` wrote, ready to sample on `device`."""
        parameters, fitted = read_parameters(folder)
        generator = cls(**parameters)
        values = generator.parameters()
        length, features = fitted["shape"]
        networks = build(lambda: Networks(features, values["hidden"], values["layers"]), _generator(0))
        networks.load_state_dict(load_file(folder / "model.safetensors"))
        generator.networks_ = networks.to(device).eval().requires_grad_(False)
        generator.shape_ = (length, features)
        return generator

    @property
    def num_parameters(self) -> int:
        """Learned numbers of the five networks; 0 before `fit`."""
        return count_parameters(self.networks_) if hasattr(self, "networks_") else 0

    def parts(self, length: int, features: int) -> Mapping[str, int]:
        """Learned numbers by network for windows (T=length, D=features); raises UserError for sizes that do not fit."""
        values = self.parameters()
        _check_length(length)
        with torch.device("meta"):
            networks = Networks(features, values["hidden"], values["layers"])
        return {name: count_parameters(network) for name, network in networks.named_children()}


def _generator(seed: int, device: str = "cpu") -> torch.Generator:
    return torch.Generator(device=device).manual_seed(seed)


def _check_length(length: int) -> None:
    if length < 2:
        raise UserError(
            f"TimeGAN learns the step after each step; give it windows of T = 2 or more steps, not {length}."
        )
