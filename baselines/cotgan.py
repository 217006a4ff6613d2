"""COT-GAN as a generator: adversarial training by causal optimal transport."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import torch
from pydantic import Field
from safetensors.torch import load_file, save_file
from torch import Tensor

from baselines.cotgan_networks import Networks
from baselines.cotgan_objective import causal_term, martingale_penalty, mixed_divergence, squared_distances
from benchmark.checks import check_sampling, check_windows
from benchmark.errors import DivergedError, UserError
from benchmark.interface import FitContext, Generator, Windows, read_parameters, write_parameters
from benchmark.training import adamw, build, count_parameters, optimizer_state, restore_optimizer, train

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]

_SAMPLE_ROWS = 1 << 17  # steps of windows sampled side by side: bounds memory


class COTGAN(Generator):
    """A recurrent generator trained by the mixed Sinkhorn divergence under a causal cost (COT-GAN, Xu et al. 2020).

    Sizes are the official code's: `noise` uniform numbers a step and as many a window, an LSTM of `hidden` units, h and M of
    `filters` causal filters of width `kernel`. The entropic ε is `epsilon` times the batch's mean squared distance, or `epsilon`
    itself where `epsilon_relative` is false. `penalty` weighs the martingale's. The last weights are sampled, by the running
    statistics of batch normalisation; samples are clipped to [0, 1].
    """

    version: ClassVar[int] = 1

    def __init__(
        self,
        noise: Count = 10,
        hidden: Count = 32,
        filters: Count = 32,
        kernel: Count = 5,
        output: Literal["sigmoid", "linear"] = "sigmoid",
        steps: Count = 100_000,
        batch: Count = 32,
        rate: Positive = 1e-3,
        epsilon: Positive = 0.1,
        epsilon_relative: bool = True,
        iterations: Count = 100,
        penalty: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10.0,
    ) -> None:
        self.noise = noise
        self.hidden = hidden
        self.filters = filters
        self.kernel = kernel
        self.output = output
        self.steps = steps
        self.batch = batch
        self.rate = rate
        self.epsilon = epsilon
        self.epsilon_relative = epsilon_relative
        self.iterations = iterations
        self.penalty = penalty

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Train on windows (N, T, D) in [0, 1]; raises UserError, DivergedError or Interrupted."""
        values = self.parameters()
        _, length, features = check_windows(windows, self)
        _check_length(length)
        seeds = torch.randint(2**31, (2,), generator=_generator(context.seed)).tolist()
        networks = build(lambda: _make(features, values), _generator(seeds[0]), context.device)
        task = AdversarialTask(networks, torch.tensor(windows, device=context.device), values)
        stream = _generator(seeds[1], context.device)
        train(task, name="adversarial", steps=values["steps"], context=context, generator=stream)
        self.networks_ = networks.eval().requires_grad_(False)
        self.shape_ = (length, features)
        return self

    @torch.no_grad()
    def sample(self, n: int, seed: int) -> Windows:
        """`n` new windows (n, T, D), float32, clipped to [0, 1]; raises UserError before `fit` or `load` or for n < 1."""
        check_sampling(self, "networks_", n)
        values = self.parameters()
        noise = draw_noise(n, self.shape_[0], values["noise"], _generator(seed))
        parts = noise.split(max(1, _SAMPLE_ROWS // self.shape_[0]))
        device = self.networks_.generator.out.weight.device
        windows = torch.cat([self.networks_.generator(part.to(device)) for part in parts])
        if not bool(torch.isfinite(windows).all()):
            raise DivergedError("COTGAN generated windows that are not finite")
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
        length, features = fitted["shape"]
        values = generator.parameters()
        networks = build(lambda: _make(features, values), _generator(0))
        networks.load_state_dict(load_file(folder / "model.safetensors"))
        generator.networks_ = networks.to(device).eval().requires_grad_(False)
        generator.shape_ = (length, features)
        return generator

    @property
    def num_parameters(self) -> int:
        """Learned numbers of the generator, h and M; 0 before `fit`."""
        return count_parameters(self.networks_) if hasattr(self, "networks_") else 0

    def parts(self, length: int, features: int) -> Mapping[str, int]:
        """Learned numbers by network for windows (T=length, D=features); raises UserError for sizes that do not fit."""
        values = self.parameters()
        _check_length(length)
        with torch.device("meta"):
            networks = _make(features, values)
        return {name: count_parameters(network) for name, network in networks.named_children()}


class AdversarialTask:
    """An iteration is a step of h and M and one of the generator, on the same two real batches; the noise is drawn anew."""

    def __init__(self, networks: Networks, windows: Tensor, values: Mapping[str, Any]) -> None:
        self.networks, self.windows, self.values = networks, windows, values
        judges = [*networks.h.parameters(), *networks.m.parameters()]
        makers = list(networks.generator.parameters())
        self.optimizers = {
            "judges": (adamw(judges, values["rate"], decay=0.0), judges),
            "generator": (adamw(makers, values["rate"], decay=0.0), makers),
        }

    def step(self, step: int, generator: torch.Generator) -> Mapping[str, Tensor]:
        """One iteration; figures: the divergence of the generator's step, that of the judges' step, the martingale penalty."""
        del step
        count = 2 * self.values["batch"]
        rows = torch.randint(len(self.windows), (count,), generator=generator, device=self.windows.device)
        real = self.windows[rows].unflatten(0, (2, -1))
        with torch.no_grad():
            fake = self._fake(generator)
        judged, penalty = self.divergence(real, fake)
        self._descend("judges", penalty - judged)
        loss, _ = self.divergence(real, self._fake(generator))
        self._descend("generator", loss)
        return {"loss": loss.detach(), "judged": judged.detach(), "penalty": penalty.detach()}

    def divergence(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """The mixed divergence of two real and two fake batches (2, B, T, D), and the weighted martingale penalty of the first.

        Each batch goes through h and M by itself, since batch normalisation would mix real and fake ones.
        """
        values, h, m = self.values, self.networks.h, self.networks.m
        (x, x2), (y, y2) = real, fake
        m_x = m(x)
        h_y2 = h(y2)
        distances = squared_distances(torch.stack((x, x2, x, y)), torch.stack((y, y2, x2, y2)))
        causal = causal_term(torch.stack((m_x, m(x2), m_x, m(y))), torch.stack((h(y), h_y2, h(x2), h_y2)))
        epsilon = torch.full_like(distances[0, 0, 0], values["epsilon"])
        if values["epsilon_relative"]:
            epsilon = epsilon * distances.detach().mean().clamp_min(1e-6)
        loss = mixed_divergence(distances + causal, epsilon, values["iterations"])
        return loss, values["penalty"] * martingale_penalty(m_x)

    def _fake(self, generator: torch.Generator) -> Tensor:
        length, count = self.windows.shape[1], self.values["batch"]
        noise = draw_noise(2 * count, length, self.values["noise"], generator)
        return self.networks.generator(noise).unflatten(0, (2, count))

    def _descend(self, name: str, loss: Tensor) -> None:
        optimizer, parameters = self.optimizers[name]
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            parameter.grad = gradient
        optimizer.step()

    def state(self) -> dict[str, Tensor]:
        """Weights, running statistics and both optimizers' moments."""
        tensors = {f"model.{name}": value for name, value in self.networks.state_dict().items()}
        for name, (optimizer, _) in self.optimizers.items():
            tensors |= optimizer_state(optimizer, name)
        return tensors

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""
        self.networks.load_state_dict({k.removeprefix("model."): v for k, v in state.items() if k.startswith("model.")})
        for name, (optimizer, _) in self.optimizers.items():
            restore_optimizer(optimizer, state, name)


def draw_noise(n: int, length: int, size: int, generator: torch.Generator) -> Tensor:
    """Noise (n, T, 2 `size`), uniform in (−1, 1) on the generator's device: `size` numbers a step, then `size` a window."""
    draws = torch.rand((n, (length + 1) * size), generator=generator, device=generator.device) * 2 - 1
    by_step, by_window = draws.split((length * size, size), dim=1)
    return torch.cat((by_step.unflatten(1, (length, size)), by_window[:, None].expand(-1, length, -1)), dim=2)


def _make(features: int, values: Mapping[str, Any]) -> Networks:
    sizes = {name: values[name] for name in ("noise", "hidden", "filters", "kernel")}
    return Networks(features, **sizes, bounded=values["output"] == "sigmoid")


def _generator(seed: int, device: str = "cpu") -> torch.Generator:
    return torch.Generator(device=device).manual_seed(seed)


def _check_length(length: int) -> None:
    if length < 2:
        raise UserError(
            f"COTGAN compares each step with the next; give it windows of T = 2 or more steps, not {length}."
        )
