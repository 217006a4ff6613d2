"""The usual training of a denoiser that predicts noise (Ho et al. 2020, algorithm 1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from baselines.diffusion.schedule import NoiseSchedule
from benchmark.training import EpochTask, set_dropout_rng, set_learning_rate

Error = Callable[[Tensor, Tensor], Tensor]
"""The mean error of predicted noise, both (B, T, D)."""


class NoiseTask(EpochTask[nn.Module]):
    """Adam on the error of the noise in x_t, t uniform; `learning_rate` is a function of the step, `decay` Adam's L2 penalty."""

    def __init__(
        self,
        network: nn.Module,
        schedule: NoiseSchedule,
        windows: Tensor,
        *,
        batch: int,
        keep_short: bool,
        error: Error,
        learning_rate: Callable[[int], float],
        decay: float = 0.0,
    ) -> None:
        optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate(0), weight_decay=decay, fused=True)
        super().__init__(network, windows, optimizer, batch=batch, keep_short=keep_short)
        self.schedule, self.error, self.learning_rate = schedule, error, learning_rate

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One optimizer step; the metric is the loss."""
        set_dropout_rng(self.network, rng)
        clean = self.batches.draw(step, rng)
        steps = torch.randint(self.schedule.steps, (len(clean),), generator=rng, device=clean.device)
        noise = torch.randn(clean.shape, generator=rng, device=clean.device)
        loss = self.error(self.network(self.schedule.add_noise(clean, steps, noise), steps), noise)
        set_learning_rate(self.optimizer, self.learning_rate(step))
        self.descend(loss)
        return {"loss": loss.detach()}

    def weights(self) -> Mapping[str, Tensor]:
        """The last weights."""
        return self.network.state_dict()
