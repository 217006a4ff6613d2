"""The predictive score: a small recurrent network trained on generated windows, tested on real ones."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from metrics.base import DEFAULT_CONTEXT, Metric, MetricInfo, Score, ScoreContext, Windows
from metrics.common.checks import check_count, check_pair


class Predictive(Metric):
    """Mean absolute error on real windows of a next-step predictor trained on generated ones, protocol `reference`.

    It reads features 0 … D − 2 and predicts feature D − 1 one step on; one GRU layer of floor(D / 2) units (at least one). With
    D = 1 no published code defines the score: the feature's own past is then the input, and `details["comparable"]` is False.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
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

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; windows of at least two steps."""
        import torch

        from metrics.nets.gru import Layout
        from metrics.nets.predictor import inputs_and_targets, mean_absolute_errors, train_predictors
        from metrics.nets.recurrent import draw_batches, initial_rows

        steps = check_count("predictive", "steps", self.steps)
        real, fake = check_pair(real, fake, at_least=1)
        if real.shape[1] < 2:
            raise ValueError(f"the windows have {real.shape[1]} step; the predictive score needs at least 2.")
        rngs = context.rngs()
        D = real.shape[2]
        layout = Layout(max(1, D - 1), max(1, D // 2))
        parameters = initial_rows(rngs, layout, context.device)
        pool = [np.arange(len(fake))] * len(rngs)

        inputs, targets = (torch.from_numpy(part).to(context.device) for part in inputs_and_targets(fake))
        batches = draw_batches(rngs, [pool], steps, context.device)
        losses = train_predictors(parameters, layout, inputs, targets, batches, context.progress, steps)
        inputs, targets = (torch.from_numpy(part).to(context.device) for part in inputs_and_targets(real))
        values = mean_absolute_errors(parameters, layout, inputs, targets)
        return Score(
            tuple(values.tolist()),
            {"units": layout.units, "comparable": D > 1, "final_loss": losses[-1].tolist()},
        )
