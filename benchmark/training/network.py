"""Generators whose fitted state is a network: one way to check samples, to count, to write and to read."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from benchmark.errors import DivergedError
from benchmark.interface import Generator, Windows, check_sampling, read_parameters, write_parameters
from benchmark.training.layers import build, count_parameters
from benchmark.training.memory import raise_malloc_threshold


def as_tensor(windows: Windows, device: str | torch.device = "cpu") -> Tensor:
    """A copy of windows (N, T, D), in whatever order they lie in memory, on `device`."""
    return torch.tensor(np.ascontiguousarray(windows), device=device)


def seeded(seed: int, device: str = "cpu") -> torch.Generator:
    """A stream of random numbers of its own."""
    return torch.Generator(device=device).manual_seed(seed)


class NetworkGenerator(Generator):
    """A generator that trains a network; a subclass says which, how it is trained and how windows are drawn from it.

    `fit` ends with `_keep`. From then on, and after `load`, `network_` is the network, ready for evaluation, `shape_` the
    (T, D) of its windows, and `measurements_` what training measured of it, plain values by name.
    """

    network_: nn.Module
    shape_: tuple[int, int]
    measurements_: dict[str, Any]

    @abc.abstractmethod
    def _network(self, length: int, features: int) -> nn.Module:
        """The network for windows (T=length, D=features), its values not set yet; raises UserError for sizes that do not fit."""

    @abc.abstractmethod
    def _draw(self, n: int, seed: int) -> Tensor:
        """`n` new windows (n, T, D) in the data's units, on the network's device; not clipped yet."""

    def _build(self, length: int, features: int, rng: torch.Generator, device: str = "cpu") -> nn.Module:
        """The network with initial values drawn from `rng`."""
        return build(lambda: self._network(length, features), rng, device)

    def _keep(self, network: nn.Module, shape: tuple[int, int], measurements: Mapping[str, Any] | None = None) -> Self:
        self.network_ = network.eval().requires_grad_(False)
        self.shape_, self.measurements_ = shape, dict(measurements or {})
        return self

    @property
    def device(self) -> torch.device:
        """Where the fitted network computes."""
        return next(self.network_.parameters()).device

    @torch.inference_mode()
    def sample(self, n: int, seed: int) -> Windows:
        """`n` new windows (n, T, D), float32, clipped to [0, 1].

        Raises UserError before `fit` or `load` or for n < 1, DivergedError where the windows are not finite.
        """
        check_sampling(self, "network_", n)
        raise_malloc_threshold()
        windows = self._draw(n, seed)
        if not bool(torch.isfinite(windows).all()):
            raise DivergedError(f"{type(self).__name__} generated windows that are not finite")
        return windows.clamp(0.0, 1.0).cpu().numpy()

    def save(self, folder: Path) -> None:
        """Write `model.safetensors` and `generator.json`."""
        tensors = {name: value.cpu().contiguous() for name, value in self.network_.state_dict().items()}
        save_file(tensors, folder / "model.safetensors")
        write_parameters(self, folder, shape=list(self.shape_), measurements=self.measurements_)

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """The generator that `save` wrote, ready to sample on `device`."""
        parameters, fitted = read_parameters(folder)
        generator = cls(**parameters)
        length, features = fitted["shape"]
        network = generator._build(length, features, seeded(0))
        network.load_state_dict(load_file(folder / "model.safetensors"))
        return generator._keep(network.to(device), (length, features), fitted.get("measurements"))

    @property
    def num_parameters(self) -> int:
        """Trainable parameters of the whole network; 0 before `fit`."""
        return sum(self.parameter_counts(*self.shape_).values()) if hasattr(self, "shape_") else 0

    def parameter_counts(self, length: int, features: int) -> Mapping[str, int]:
        """Trainable parameters by part for windows (T=length, D=features); raises UserError for sizes that do not fit."""
        with torch.device("meta"):
            network = self._network(length, features)
        return {name: count for name, part in network.named_children() if (count := count_parameters(part))}
