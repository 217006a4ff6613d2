"""What the diffusion models have in common as generators: scaling, training, sampling by batches, files."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from baselines.diffusion_sampler import Predict, sample_ancestral, sample_implicit
from baselines.diffusion_schedule import NoiseSchedule
from benchmark.checks import check_sampling, check_windows
from benchmark.errors import DivergedError, UserError
from benchmark.interface import FitContext, Generator, Windows, read_parameters, write_parameters
from benchmark.training import Task, build, count_parameters, keep_freed_memory, train


class DiffusionTask(Task, Protocol):
    """Training of a denoiser; `weights` are the ones to sample with."""

    def weights(self) -> Mapping[str, Tensor]:
        """The denoiser's state to sample with: the last weights or an average of them."""


class DiffusionGenerator(Generator):
    """A denoiser, a noise schedule and a sampler; inside, windows are scaled to [−1, 1]."""

    clamps: ClassVar[bool] = True
    """Whether estimates of x_0 are cut to [−1, 1] at every sampling step."""
    sample_rows: ClassVar[int] = 4800
    """Steps of windows denoised side by side on the CPU, so that activations stay in its cache; fifty times that elsewhere."""

    @abc.abstractmethod
    def _network(self, length: int, features: int, values: Mapping[str, Any]) -> nn.Module:
        """The denoiser of windows (T=length, D=features); raises UserError for sizes that do not fit."""

    @abc.abstractmethod
    def _betas(self, values: Mapping[str, Any]) -> Tensor:
        """The variances β (S,) of the noise schedule."""

    @abc.abstractmethod
    def _task(
        self, network: nn.Module, schedule: NoiseSchedule, windows: Tensor, values: Mapping[str, Any]
    ) -> DiffusionTask:
        """The training of `network` on windows (N, T, D) in [−1, 1]."""

    @abc.abstractmethod
    def _predict(self, network: nn.Module, schedule: NoiseSchedule) -> Predict:
        """The estimate of x_0 by `network`, for one step of a whole batch; its weights stay as they are meanwhile."""

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Train on windows (N, T, D) in [0, 1]; raises UserError, DivergedError or Interrupted."""
        values = self.parameters()
        _, length, features = check_windows(windows, self)
        self._check_sampling_steps(values)
        keep_freed_memory()
        seeds = torch.randint(2**31, (2,), generator=_generator(context.seed)).tolist()
        data = torch.tensor(windows, device=context.device) * 2 - 1
        network = build(lambda: self._network(length, features, values), _generator(seeds[0]), context.device)
        schedule = NoiseSchedule.of(self._betas(values), context.device)
        task = self._task(network, schedule, data, values)
        stream = _generator(seeds[1], context.device)
        train(task, name="denoiser", steps=values["steps"], context=context, generator=stream)
        network.load_state_dict(task.weights())
        self._keep(network, (length, features))
        return self

    @torch.inference_mode()
    def sample(self, n: int, seed: int) -> Windows:
        """`n` new windows (n, T, D), float32, clipped to [0, 1]; raises UserError before `fit` or `load` or for n < 1."""
        check_sampling(self, "network_", n)
        keep_freed_memory()
        values = self.parameters()
        device = next(self.network_.parameters()).device
        schedule = NoiseSchedule.of(self._betas(values), str(device))
        predict = self._predict(self.network_, schedule)
        generator = _generator(seed, str(device))
        rows = self.sample_rows * (1 if device.type == "cpu" else 50)
        batch = max(1, rows // self.shape_[0])
        made = []
        for start in range(0, n, batch):
            shape = (min(batch, n - start), *self.shape_)
            x = torch.randn(shape, generator=generator, device=device)
            if values["sampling_steps"] in (None, schedule.steps):
                made.append(sample_ancestral(predict, schedule, x, generator, clamp=self.clamps))
            else:
                made.append(sample_implicit(predict, schedule, x, values["sampling_steps"], clamp=self.clamps))
        windows = torch.cat(made)
        if not bool(torch.isfinite(windows).all()):
            raise DivergedError(f"{type(self).__name__} generated windows that are not finite")
        return ((windows + 1) / 2).clamp(0.0, 1.0).cpu().numpy()

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
        network = build(lambda: generator._network(length, features, values), _generator(0))
        network.load_state_dict(load_file(folder / "model.safetensors"))
        generator._keep(network.to(device), (length, features))
        return generator

    @property
    def num_parameters(self) -> int:
        """Learned numbers of the denoiser; 0 before `fit`."""
        return count_parameters(self.network_) if hasattr(self, "network_") else 0

    def parts(self, length: int, features: int) -> Mapping[str, int]:
        """Learned numbers by part for windows (T=length, D=features); raises UserError for parameters that do not fit."""
        values = self.parameters()
        with torch.device("meta"):
            network = self._network(length, features, values)
        return {name: count_parameters(part) for name, part in network.named_children() if count_parameters(part)}

    def _keep(self, network: nn.Module, shape: tuple[int, int]) -> None:
        self.network_ = network.eval().requires_grad_(False)
        self.shape_ = shape

    def _check_sampling_steps(self, values: Mapping[str, Any]) -> None:
        given, most = values["sampling_steps"], len(self._betas(values))
        if given is not None and given > most:
            raise UserError(f"{type(self).__name__} was given sampling_steps = {given}; it has {most} diffusion steps.")


def _generator(seed: int, device: str = "cpu") -> torch.Generator:
    return torch.Generator(device=device).manual_seed(seed)
