"""The discriminative score: how well a small recurrent network learns to tell generated windows from real ones."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from metrics.base import DEFAULT_CONTEXT, Metric, MetricInfo, Score, ScoreContext, Windows
from metrics.common.checks import check_count, check_pair
from metrics.common.classifier_split import discriminative_score, draw_split, split_point


class Discriminative(Metric):
    """|accuracy − ½| of a post-hoc classifier on test windows, protocol `reference`.

    One GRU layer of floor(D / 2) units (at least one; with D = 1 no published code defines it, and the details say so). Where the
    sets differ in size, each repetition draws as many windows of the larger as the smaller has. `details` list, per
    repetition, the accuracy on generated and on real windows and the signed accuracy − ½.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="discriminative",
        title="Discriminative score",
        symbol="Disc.",
        summary="how far a small recurrent classifier can tell real from generated windows, |accuracy − ½|",
        higher_is_better=False,
        range=(0.0, 0.5),
        ideal=0.0,
        cost="training",
        version=1,
        source="Yoon et al. 2019 (TimeGAN), as evaluated by Diffusion-TS (Yuan and Qiao 2024)",
    )

    def __init__(self, steps: int = 2000) -> None:
        self.steps = steps

    def floor(self, n: int) -> float:
        """E|accuracy − ½| at chance: √(2/π) · ½ / √n_test with n_test = 2 (n − int(0.8 n))."""
        if n < 1:
            raise ValueError(f"the floor is asked for {n} windows; give 1 or more.")
        return math.sqrt(1 / (2 * math.pi)) / math.sqrt(2 * (n - split_point(n)))

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; at least five windows per set."""
        import torch

        from metrics.nets.classifier import predict_is_real, train_classifiers
        from metrics.nets.gru import Layout, with_ones
        from metrics.nets.recurrent import draw_batches, initial_rows

        steps = check_count("discriminative", "steps", self.steps)
        real, fake = check_pair(real, fake, at_least=5)
        rngs = context.rngs()
        n, D = min(len(real), len(fake)), real.shape[2]
        layout = Layout(D, max(1, D // 2))
        windows = torch.from_numpy(with_ones(np.concatenate([real, fake]))).to(context.device)

        splits = [draw_split(rng, len(real), len(fake)) for rng in rngs]
        parameters = initial_rows(rngs, layout, context.device)
        batches = draw_batches(rngs, ([s.real for s in splits], [s.fake for s in splits]), steps, context.device)
        size = min(128, split_point(n))
        losses = train_classifiers(parameters, layout, windows, batches, size, size, context.progress, steps)

        tests = torch.from_numpy(np.stack([split.tests for split in splits])).to(context.device)
        details = {"windows": n, "units": layout.units, "comparable": D > 1, "final_loss": losses[-1].tolist()}
        return discriminative_score(predict_is_real(parameters, layout, windows, tests), details)
