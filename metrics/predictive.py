"""The predictive score: a small recurrent network trained on generated windows, tested on real ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from metrics.base import (
    DataSheet,
    Metric,
    Prepared,
    ProgressCallback,
    Score,
    Windows,
    check_count,
    check_pair,
    check_seeds,
)
from metrics.nets.gru import Layout, Weights, sum_of_products, with_ones
from metrics.nets.recurrent import draw_batches, initial_rows, run_states, train


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
        slope = torch.ops.aten.sigmoid_backward(errors.sign_().div_(count), predictions)
        sum_of_products(slope.flatten(0, 1), states[1:].flatten(0, 1), gradient.dense)
        torch.sum(slope, dim=(0, 3), out=gradient.dense_bias.squeeze(2))
        return losses, list(slope * weights.dense.transpose(1, 2))


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


class Predictive(Metric):
    """Mean absolute error on real windows of a next-step predictor trained on generated ones, protocol `reference`.

    It reads features 0 … D − 2 and predicts feature D − 1 one step on; one GRU layer of floor(D / 2) units (at least one). With
    D = 1 no published code defines the score: the feature's own past is then the input, and `details["comparable"]` is False.
    """

    sheet: ClassVar[DataSheet] = DataSheet(
        name="predictive",
        title="Predictive score",
        symbol="Pred.",
        summary="error on real windows of a small recurrent predictor trained on generated ones",
        higher_is_better=False,
        range=(0.0, 1.0),
        ideal=0.0,
        cost="training",
        version=1,
        source="Yoon et al. 2019 (TimeGAN), as evaluated by Diffusion-TS (Yuan and Qiao 2024)",
        reachable=False,
    )

    def __init__(self, steps: int = 5000) -> None:
        self.steps = steps

    def compute(
        self,
        real: Windows,
        fake: Windows,
        seeds: Sequence[int],
        device: str = "cpu",
        prepared: Sequence[Prepared] = (),
        training: Windows | None = None,
        progress: ProgressCallback | None = None,
    ) -> Score:
        """See `Metric.compute`; windows of at least two steps."""
        del prepared, training
        steps = check_count("predictive", "steps", self.steps)
        real, fake = check_pair(real, fake, at_least=1)
        if real.shape[1] < 2:
            raise ValueError(f"the windows have {real.shape[1]} step; the predictive score needs at least 2.")
        rngs = [np.random.default_rng(seed) for seed in check_seeds(seeds)]
        D = real.shape[2]
        layout = Layout(max(1, D - 1), max(1, D // 2))
        parameters = initial_rows(rngs, layout, device)
        pool = [np.arange(len(fake))] * len(rngs)

        inputs, targets = (torch.from_numpy(part).to(device) for part in inputs_and_targets(fake))
        batches = draw_batches(rngs, [pool], steps, device)
        losses = train_predictors(parameters, layout, inputs, targets, batches, progress, steps)
        inputs, targets = (torch.from_numpy(part).to(device) for part in inputs_and_targets(real))
        values = mean_absolute_errors(parameters, layout, inputs, targets)
        return Score(
            tuple(values.tolist()),
            {"units": layout.units, "comparable": D > 1, "final_loss": losses[-1].tolist()},
        )
