"""COT-GAN as a generator: adversarial training by causal optimal transport."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self, cast

import torch
from pydantic import Field
from torch import Tensor, nn

from baselines.cotgan.networks import Networks
from baselines.cotgan.objective import causal_term, martingale_penalty, mixed_divergence, squared_distances
from benchmark.errors import UserError
from benchmark.interface import FitContext, Windows, check_windows
from benchmark.training import (
    NetworkGenerator,
    as_tensor,
    build,
    descend,
    restore_training,
    seeded,
    train,
    training_state,
)

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]

_SAMPLE_ROWS = 1 << 17  # steps of windows sampled side by side: bounds memory


@dataclass(eq=False)
class COTGAN(NetworkGenerator):
    """A recurrent generator trained by the mixed Sinkhorn divergence under a causal cost (COT-GAN, Xu et al. 2020).

    All values are the official code's: `noise` uniform numbers a step and as many a window, an LSTM of `hidden` units, h and M of
    `filters` causal filters of width `kernel`. `pairing` is the term of h and M in the cost as the code has it, or its transpose,
    as the paper; `judge_norm` the normalisation in h and M: none but a learned scale and shift (`fixed`), or by the batch's
    statistics. The entropic ε is `epsilon`, or that many times the batch's mean squared distance where `epsilon_relative`.
    `penalty` weighs the martingale's. The last weights are sampled, by the running statistics of the generator's batch
    normalisation; samples are clipped to [0, 1].
    """

    version: ClassVar[int] = 2

    noise: Count = 10
    hidden: Count = 32
    filters: Count = 32
    kernel: Count = 5
    output: Literal["linear", "sigmoid"] = "linear"
    pairing: Literal["code", "paper"] = "code"
    judge_norm: Literal["fixed", "batch"] = "fixed"
    steps: Count = 100_000
    batch: Count = 32
    learning_rate: Positive = 1e-3
    epsilon: Positive = 100.0
    epsilon_relative: bool = False
    iterations: Count = 100
    penalty: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10.0

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Train on windows (N, T, D) in [0, 1]; raises UserError, DivergedError or Interrupted."""
        values = self.parameters()
        _, length, features = check_windows(windows, self)
        seeds = torch.randint(2**31, (2,), generator=seeded(context.seed)).tolist()
        networks = build(lambda: self._network(length, features), seeded(seeds[0]), context.device)
        task = AdversarialTask(networks, as_tensor(windows, context.device), values)
        stream = seeded(seeds[1], context.device)
        train(task, name="adversarial", steps=values["steps"], context=context, rng=stream)
        return self._keep(networks, (length, features))

    def training_windows(self, windows: int) -> int | None:
        """Windows in all batches of a fit."""
        del windows
        return 2 * self.steps * self.batch

    def _network(self, length: int, features: int) -> Networks:
        if length < 2:
            raise UserError(
                f"COTGAN compares each step with the next; give it windows of T = 2 or more steps, not {length}."
            )
        values = self.parameters()
        sizes = {name: values[name] for name in ("noise", "hidden", "filters", "kernel", "judge_norm")}
        return Networks(features, **sizes, bounded=values["output"] == "sigmoid")

    def _draw(self, n: int, seed: int) -> Tensor:
        noise = draw_noise(n, self.shape_[0], self.parameters()["noise"], seeded(seed))
        parts = noise.split(max(1, _SAMPLE_ROWS // self.shape_[0]))
        return torch.cat([cast(Networks, self.network_).generator(part.to(self.device)) for part in parts])


class AdversarialTask:
    """An iteration is a step of h and M and one of the generator, on the same two real batches; the noise is drawn anew."""

    def __init__(self, networks: Networks, windows: Tensor, values: Mapping[str, Any]) -> None:
        self.networks, self.windows, self.values = networks, windows, values
        makers = list(networks.generator.parameters())
        self.optimizers = {
            "judges": adam_in_turn(networks.h, networks.m, values["learning_rate"]),
            "generator": _adam(makers, values["learning_rate"]),
        }

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One iteration; metrics: the divergence of the generator's step, that of the judges' step, the martingale penalty."""
        del step
        count = 2 * self.values["batch"]
        rows = torch.randint(len(self.windows), (count,), generator=rng, device=self.windows.device)
        real = self.windows[rows].unflatten(0, (2, -1))
        with torch.no_grad():
            fake = self._fake(rng)
        judged, penalty = self.divergence(real, fake)
        descend(self.optimizers["judges"], penalty - judged)
        loss, _ = self.divergence(real, self._fake(rng))
        descend(self.optimizers["generator"], loss)
        return {"loss": loss.detach(), "judged": judged.detach(), "penalty": penalty.detach()}

    def divergence(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """The mixed divergence of two real and two fake batches (2, B, T, D), and the weighted martingale penalty of the first.

        Each batch goes through h and M by itself, so that a normalisation by the batch does not mix real and fake ones.
        """
        values, h, m = self.values, self.networks.h, self.networks.m
        (x, x2), (y, y2) = real, fake
        m_x = m(x)
        h_y2 = h(y2)
        distances = squared_distances(torch.stack((x, x2, x, y)), torch.stack((y, y2, x2, y2)))
        causal = causal_term(torch.stack((m_x, m(x2), m_x, m(y))), torch.stack((h(y), h_y2, h(x2), h_y2)))
        if values["pairing"] == "code":
            causal = causal.mT
        epsilon = torch.full_like(distances[0, 0, 0], values["epsilon"])
        if values["epsilon_relative"]:
            epsilon = epsilon * distances.detach().mean().clamp_min(1e-6)
        loss = mixed_divergence(distances + causal, epsilon, values["iterations"])
        return loss, values["penalty"] * martingale_penalty(m_x)

    def _fake(self, rng: torch.Generator) -> Tensor:
        """Two generated batches (2, B, T, D), each normalised by its own statistics."""
        length, count = self.windows.shape[1], self.values["batch"]
        noise = draw_noise(2 * count, length, self.values["noise"], rng)
        return torch.stack([self.networks.generator(part) for part in noise.split(count)])

    def state(self) -> dict[str, Tensor]:
        """Weights, running statistics and both optimizers' moments."""
        return training_state(self.networks, **self.optimizers)

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""
        restore_training(state, self.networks, **self.optimizers)


def adam_in_turn(first: nn.Module, second: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    """One Adam that moves `first` and then `second` in every iteration, as the official code's does h and M.

    Its count of steps, by which it corrects its moments, is one for both: iteration i from 1 is step 2 i − 1 of the first and
    2 i of the second.
    """
    optimizer = _adam([*first.parameters(), *second.parameters()], learning_rate)
    for parameter in second.parameters():
        moments = {name: torch.zeros_like(parameter) for name in ("exp_avg", "exp_avg_sq")}
        optimizer.state[parameter] = {"step": torch.ones((), device=parameter.device), **moments}

    def count_the_other(stepped: torch.optim.Optimizer, *_: object) -> None:
        for moments in stepped.state.values():
            moments["step"] += 1

    optimizer.register_step_post_hook(count_the_other)
    return optimizer


def _adam(parameters: list[nn.Parameter], learning_rate: float) -> torch.optim.Adam:
    """Adam with Keras's ε."""
    return torch.optim.Adam(parameters, lr=learning_rate, eps=1e-7, fused=True)


def draw_noise(n: int, length: int, size: int, rng: torch.Generator) -> Tensor:
    """Noise (n, T, 2 `size`), uniform in (−1, 1) on the generator's device: `size` numbers a step, then `size` a window."""
    draws = torch.rand((n, (length + 1) * size), generator=rng, device=rng.device) * 2 - 1
    by_step, by_window = draws.split((length * size, size), dim=1)
    return torch.cat((by_step.unflatten(1, (length, size)), by_window[:, None].expand(-1, length, -1)), dim=2)
