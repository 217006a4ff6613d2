"""The classifier of the discriminative score: a logit from the last state of a GRU."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import softplus

from metrics.base import ProgressCallback
from metrics.nets.gru import Layout, Weights
from metrics.nets.recurrent import run_states, train


class LastStateHead:
    """A logit from the last state; mean binary cross-entropy of the real windows plus that of the generated ones.

    `real` and `fake` are how many of each a batch holds, the real ones first.
    """

    def __init__(self, real: int, fake: int, steps: int, device: str) -> None:
        self.labels = torch.cat([torch.ones(real), torch.zeros(fake)]).to(device)
        self.shares = torch.cat([torch.full((real,), 1 / real), torch.full((fake,), 1 / fake)]).to(device)
        self.signs = 1 - 2 * self.labels
        self._zeros = [torch.tensor(0.0, device=device)] * (steps - 1)

    def __call__(
        self, states: Tensor, rows: Tensor, weights: Weights, gradient: Weights
    ) -> tuple[Tensor, list[Tensor]]:
        """See `metrics.nets.recurrent.Head`."""
        del rows
        last = states[-1]
        logits = torch.baddbmm(weights.dense_bias, weights.dense, last)
        losses = (softplus(logits * self.signs) * self.shares).sum(dim=(1, 2))
        gradient_of_logits = (torch.sigmoid(logits) - self.labels) * self.shares
        gradient.dense.copy_(torch.bmm(gradient_of_logits, last.transpose(1, 2)))
        torch.sum(gradient_of_logits, dim=2, keepdim=True, out=gradient.dense_bias)
        return losses, [*self._zeros, weights.dense.transpose(1, 2) * gradient_of_logits]


def train_classifiers(
    parameters: Tensor,
    layout: Layout,
    windows: Tensor,
    batches: Iterable[Tensor],
    real_in_batch: int,
    fake_in_batch: int,
    progress: ProgressCallback | None = None,
    steps: int = 0,
) -> Tensor:
    """Train R classifiers, `parameters` (R, layout.size) in place; returns the losses (steps, R).

    `windows` (N, T, D + 1) hold real and generated windows; each batch (R, B) names `real_in_batch` real ones, then the others.
    """
    head = LastStateHead(real_in_batch, fake_in_batch, windows.shape[1], str(parameters.device))
    return train(parameters, layout, windows, batches, head, progress, steps)


@torch.inference_mode()
def predict_is_real(parameters: Tensor, layout: Layout, windows: Tensor, rows: Tensor) -> NDArray[np.bool_]:
    """Which of the windows numbers `rows` (R, M) each of R classifiers calls real: (R, M)."""
    weights = layout.views(parameters)
    parts = []
    for states, _ in run_states(parameters, layout, windows, rows):
        logits = torch.baddbmm(weights.dense_bias, weights.dense, states[-1])
        parts.append(torch.sigmoid(logits)[:, 0] > 0.5)
    return torch.cat(parts, dim=1).cpu().numpy()
