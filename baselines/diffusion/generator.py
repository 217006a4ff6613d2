"""What the diffusion models have in common as generators: scaling, training, sampling by batches, files."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol, Self

import torch
from torch import Tensor, nn

from baselines.diffusion.sampler import Predict, sample_ancestral, sample_implicit, sample_respaced
from baselines.diffusion.schedule import NoiseSchedule
from benchmark.errors import UserError
from benchmark.interface import FitContext, Windows, check_windows
from benchmark.training import NetworkGenerator, Task, as_tensor, seeded, train

_LEAST_SIGNAL = 1e-8  # an estimate of x_0 divides by it; the official schedules end at 4e-5 and more


Sampler = Callable[[Tensor, torch.Generator], Tensor]
"""Windows (B, T, D) of as many of noise, with what else is drawn."""


class DiffusionTask(Task, Protocol):
    """Training of a denoiser; `weights` are the ones to sample with."""

    def weights(self) -> Mapping[str, Tensor]:
        """The denoiser's state to sample with: the last weights or an average of them."""


class DenoiserGenerator(NetworkGenerator):
    """A network that leads from noise to windows in many steps; inside, windows are scaled to [−1, 1]."""

    sample_rows: ClassVar[int] = 4800
    """Steps of windows denoised side by side on the CPU, so that activations stay in its cache; fifty times that elsewhere."""
    per_feature: ClassVar[bool] = False
    """Whether activations grow with D as with T, so that fewer windows fit into an accelerator's memory."""

    @abc.abstractmethod
    def _training(self, network: nn.Module, windows: Tensor, values: Mapping[str, Any]) -> DiffusionTask:
        """The training of `network` on windows (N, T, D) in [−1, 1]; raises UserError for parameters that cannot work."""

    @abc.abstractmethod
    def _sampler(self, values: Mapping[str, Any]) -> Sampler:
        """What leads from noise to windows by the fitted network, whose weights stay as they are meanwhile."""

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Train on windows (N, T, D) in [0, 1]; raises UserError, DivergedError or Interrupted."""
        values = self.parameters()
        _, length, features = check_windows(windows, self)
        seeds = torch.randint(2**31, (2,), generator=seeded(context.seed)).tolist()
        data = as_tensor(windows, context.device) * 2 - 1
        network = self._build(length, features, seeded(seeds[0]), context.device)
        task = self._training(network, data, values)
        stream = seeded(seeds[1], context.device)
        train(task, name="denoiser", steps=values["steps"], context=context, rng=stream)
        network.load_state_dict(task.weights())
        return self._keep(network, (length, features))

    def _draw(self, n: int, seed: int) -> Tensor:
        sampler, device = self._sampler(self.parameters()), self.device
        rng = seeded(seed, str(device))
        batch = self._batch(device.type)
        made = []
        for start in range(0, n, batch):
            shape = (min(batch, n - start), *self.shape_)
            made.append(sampler(torch.randn(shape, generator=rng, device=device), rng))
        return (torch.cat(made) + 1) / 2

    def _batch(self, device: str) -> int:
        """Windows denoised side by side. On the CPU D never counts: noise is drawn by batches, and samples follow from it."""
        length, features = self.shape_
        rows = self.sample_rows if device == "cpu" else 50 * self.sample_rows // (features if self.per_feature else 1)
        return max(1, rows // length)


class DiffusionGenerator(DenoiserGenerator):
    """A denoiser, a noise schedule and a sampler of diffusion."""

    clamps: ClassVar[bool] = True
    """Whether estimates of x_0 are cut to [−1, 1] at every sampling step."""
    noisy_jumps: ClassVar[bool] = False
    """Whether fewer sampling steps than diffusion steps draw noise too (a respaced chain), or none (DDIM)."""

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

    def _training(self, network: nn.Module, windows: Tensor, values: Mapping[str, Any]) -> DiffusionTask:
        self._check_schedule(values)
        schedule = NoiseSchedule.of(self._betas(values), str(windows.device))
        return self._task(network, schedule, windows, values)

    def _sampler(self, values: Mapping[str, Any]) -> Sampler:
        steps = values["sampling_steps"]
        schedule = NoiseSchedule.of(self._betas(values), str(self.device))
        predict = self._predict(self.network_, schedule)

        def sample(x: Tensor, rng: torch.Generator) -> Tensor:
            if steps in (None, schedule.steps):
                return sample_ancestral(predict, schedule, x, rng, clamp=self.clamps)
            if self.noisy_jumps:
                return sample_respaced(predict, schedule, x, steps, rng, clamp=self.clamps)
            return sample_implicit(predict, schedule, x, steps, clamp=self.clamps)

        return sample

    def _check_schedule(self, values: Mapping[str, Any]) -> None:
        """Raise UserError for more sampling steps than there are, and for noise schedules that single precision cannot hold."""
        betas, name = self._betas(values), type(self).__name__
        given, most = values["sampling_steps"], len(betas)
        if given is not None and given > most:
            raise UserError(f"{name} was given sampling_steps = {given}; it has {most} diffusion steps.")
        schedule = NoiseSchedule.of(betas)
        if not all(bool(table.isfinite().all()) for table in vars(schedule).values()):
            raise UserError(f"{name} was given variances of noise from {betas[0]:.3g}; raise first_beta.")
        if float(schedule.signal[-1]) < _LEAST_SIGNAL:
            raise UserError(
                f"{name} leaves {float(schedule.signal[-1]):.1g} of a window after its {most} diffusion steps, too little to "
                "come back from; lower last_beta or diffusion_steps."
            )
