"""The predictor of the predictive score: the next value of the last feature from every state of a GRU."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from metrics.base import ProgressCallback, Windows
from metrics.nets.gru import Layout, Weights, sum_of_products, with_ones
from metrics.nets.recurrent import run_states, train


def inputs_and_targets(windows: Windows) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Inputs with ones (B, T − 1, D), the features but the last at 0 … T − 2, and the last feature one step on (B, T − 1).

    With one feature there is no other: its own past is the input.
    """
    features = max(1, windows.shape[2] - 1)
    return with_ones(windows[:, :-1, :features]), np.ascontiguousarray(windows[:, 1:, -1])


class EveryStateHead:
    """A prediction σ(w · h + b) from every state, and its mean absolute error to `targets` (N, T)."""

    def __init__(self, targets: Tensor) -> None:
        self.targets = targets

    def predict(self, states: Tensor, weights: Weights) -> Tensor:
        """Predictions (T, R, 1, B) from states (T + 1, R, H, B)."""
        logits = (states[1:] * weights.dense.transpose(1, 2)).sum(dim=2, keepdim=True)
        return logits.add_(weights.dense_bias).sigmoid_()

    def errors(self, predictions: Tensor, rows: Tensor) -> Tensor:
        """Prediction minus target (T, R, 1, B) for the windows numbers `rows` (R, B)."""
        wanted = self.targets.index_select(0, rows.reshape(-1)).view(*rows.shape, -1)
        return predictions - wanted.permute(2, 0, 1).unsqueeze(2)

    def __call__(
        self, states: Tensor, rows: Tensor, weights: Weights, gradient: Weights
    ) -> tuple[Tensor, list[Tensor]]:
        """See `metrics.nets.recurrent.Head`."""
        predictions = self.predict(states, weights)
        errors = self.errors(predictions, rows)
        count = predictions.shape[0] * predictions.shape[3]
        losses = errors.abs().sum(dim=(0, 2, 3)) / count
        gradient_of_logits = torch.ops.aten.sigmoid_backward(errors.sign_().div_(count), predictions)
        sum_of_products(gradient_of_logits.flatten(0, 1), states[1:].flatten(0, 1), gradient.dense)
        torch.sum(gradient_of_logits, dim=(0, 3), out=gradient.dense_bias.squeeze(2))
        return losses, list(gradient_of_logits * weights.dense.transpose(1, 2))


def train_predictors(
    parameters: Tensor,
    layout: Layout,
    windows: Tensor,
    targets: Tensor,
    batches: Iterable[Tensor],
    progress: ProgressCallback | None = None,
    steps: int = 0,
) -> Tensor:
    """Train R predictors on inputs (N, T, D) and targets (N, T); the losses are (steps, R).

    `parameters` (R, layout.size) are changed in place; `batches` yields the window numbers (R, B) of each step.
    """
    return train(parameters, layout, windows, batches, EveryStateHead(targets), progress, steps)


@torch.inference_mode()
def mean_absolute_errors(parameters: Tensor, layout: Layout, windows: Tensor, targets: Tensor) -> NDArray[np.float64]:
    """The mean absolute error (R,) of each of R predictors over all inputs (N, T, D) and targets (N, T)."""
    weights, head = layout.views(parameters), EveryStateHead(targets)
    rows = torch.arange(len(windows), device=parameters.device).expand(len(parameters), -1)
    total = torch.zeros(len(parameters), dtype=torch.float64, device=parameters.device)
    for states, part in run_states(parameters, layout, windows, rows):
        total += head.errors(head.predict(states, weights), part).abs().sum(dim=(0, 2, 3), dtype=torch.float64)
    return (total / targets.numel()).cpu().numpy()
