"""The length of stage 2 (ours): the step after which held-out training windows are likeliest."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from benchmark.training import is_reported
from timemar.token_training import TokenTask, negative_log_likelihood

GAPS = 0.25
"""The share of windows that the gaps around held-out blocks may take."""
PATIENCE = 300
"""Steps beyond one and a half times the best, after which the search ends."""


def hold_out(count: int, share: float, length: int) -> tuple[Tensor, Tensor]:
    """Indices of windows to train on and of about `share` of `count` windows to hold out, in the order of time.

    Held-out windows form blocks, as many as `GAPS` allows, so that none lies far from training windows in a series that drifts.
    Windows of T=`length` steps that could overlap one are in neither set, as long as half of all windows are left to train on;
    beyond that the gaps shrink.
    """
    blocks = max(1, min(int(count * GAPS) // (2 * (length - 1)), int(count * share)))
    size = max(1, round(count * share / blocks))
    gap = min(length - 1, max(0, (count // 2 - blocks * size) // (2 * blocks)))
    held, near = torch.zeros(count, dtype=torch.bool), torch.zeros(count, dtype=torch.bool)
    for block in range(blocks):
        start = (2 * block + 1) * count // (2 * blocks) - size // 2
        held[start : start + size] = True
        near[max(0, start - gap) : start + size + gap] = True
    return torch.nonzero(~near).flatten(), torch.nonzero(held).flatten()


class LengthSearch:
    """Stage 2 on a part of the windows, watched by the likelihood of tokens (N, n) that it does not see."""

    def __init__(self, task: TokenTask, held: Tensor) -> None:
        self.task, self.held = task, held
        self.best = torch.tensor([0.0, float("inf")], dtype=torch.float64)
        self.over = False

    @property
    def steps(self) -> int:
        """The number of steps after which held-out windows were likeliest so far."""
        return int(self.best[0])

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One step of the task; where metrics are read, also held-out windows' nats a token."""
        metrics = dict(self.task.step(step, rng))
        if is_reported(step, self.task.schedule.steps):
            self.task.network.eval()
            nats = negative_log_likelihood(self.task.network, self.held)
            self.task.network.train()
            metrics["held_out"] = torch.tensor(nats)
            if nats < self.best[1]:
                self.best = torch.tensor([step + 1, nats], dtype=torch.float64)
            self.over = step + 1 > 1.5 * self.steps + PATIENCE
        return metrics

    def is_over(self) -> bool:
        """Whether held-out windows have not become likelier for so long that the search can end."""
        return self.over

    def state(self) -> dict[str, Tensor]:
        """The task's state, and the best step with its nats a token."""
        return {**self.task.state(), "best": self.best, "over": torch.tensor(self.over)}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""
        self.task.load_state({key: value for key, value in state.items() if key not in ("best", "over")})
        self.best, self.over = state["best"].clone(), bool(state["over"])
