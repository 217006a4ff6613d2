"""The usual training of a denoiser that predicts noise (Ho et al. 2020, algorithm 1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from baselines.diffusion.schedule import NoiseSchedule
from benchmark.training import Batches, restore_training, set_dropout_rng, set_learning_rate, training_state

Error = Callable[[Tensor, Tensor], Tensor]
"""The mean error of predicted noise, both (B, T, D)."""


class NoiseTask:
    """Adam on the error of the noise in x_t, t uniform; `learning_rate` is a function of the step, `decay` Adam's L2 penalty."""

    def __init__(
        self,
        network: nn.Module,
        schedule: NoiseSchedule,
        windows: Tensor,
        *,
        batch: int,
        error: Error,
        learning_rate: Callable[[int], float],
        decay: float = 0.0,
    ) -> None:
        self.network, self.schedule, self.error, self.learning_rate = network, schedule, error, learning_rate
        self.batches = Batches(windows, batch)
        self.optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate(0), weight_decay=decay, fused=True)

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One optimizer step; the metric is the loss."""
        set_dropout_rng(self.network, rng)
        clean = self.batches.draw(step, rng)
        steps = torch.randint(self.schedule.steps, (len(clean),), generator=rng, device=clean.device)
        noise = torch.randn(clean.shape, generator=rng, device=clean.device)
        loss = self.error(self.network(self.schedule.add_noise(clean, steps, noise), steps), noise)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        set_learning_rate(self.optimizer, self.learning_rate(step))
        self.optimizer.step()
        return {"loss": loss.detach()}

    def weights(self) -> Mapping[str, Tensor]:
        """The last weights."""
        return self.network.state_dict()

    def state(self) -> dict[str, Tensor]:
        """Weights, the epoch's order and the optimizer's moments."""
        return {**training_state(self.network, optimizer=self.optimizer), **self.batches.state()}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""
        restore_training(state, self.network, optimizer=self.optimizer)
        self.batches.load_state(state)
