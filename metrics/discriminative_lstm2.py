"""The discriminative score with the classifier that the paper's text names: a two-layer LSTM."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from metrics.base import DEFAULT_CONTEXT, MetricInfo, Score, ScoreContext, Windows
from metrics.common.checks import check_count, check_pair
from metrics.common.classifier_split import discriminative_score, draw_split
from metrics.discriminative import Discriminative


def hidden_units(features: int) -> int:
    """Hidden units of each layer, max(8, floor(D / 2)).

    The text gives no width. floor(D / 2) is that of the published GRU; the lower bound keeps the classifier able to see time
    order with few features, where two or three units cannot.
    """
    return max(8, features // 2)


def standardize(windows: Windows, real: Windows) -> Windows:
    """`windows` (B, T, D) with every feature in units of its standard deviation over `real` from its mean over `real`.

    A feature that is constant in `real` is only centred. What tells shuffled windows of Stocks from real ones is a hundredth of
    a feature's range: in 2,000 steps eight units see it (0.21) so, and do not (0.02) in the windows as they are.
    """
    mean, std = (statistic((0, 1), dtype=np.float64) for statistic in (real.mean, real.std))
    standardized: Windows = ((windows - mean) / np.where(std < 1e-6, 1, std)).astype(np.float32)
    return standardized


class DiscriminativeLSTM2(Discriminative):
    """|accuracy − ½| of two stacked LSTM layers of max(8, floor(D / 2)) units on test windows.

    The windows are standardized first, by the real ones. Split, steps, batches, loss and Adam are those of `Discriminative`, and
    so is the floor; a value is comparable with no published one, which all come from the GRU. `details` are those of
    `Discriminative`.
    """

    info: ClassVar[MetricInfo] = replace(
        Discriminative.info,
        name="discriminative_lstm2",
        title="Discriminative score (two-layer LSTM)",
        symbol="Disc. LSTM",
        summary="how far a two-layer LSTM classifier can tell real from generated windows, |accuracy − ½|",
        version=1,
        source="the classifier that TimeMAR's text names; width, scaling, initial values and training chosen here",
    )

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; at least five windows per set."""
        import torch

        from metrics.nets.classifier import LastStateHead
        from metrics.nets.lstm import Layout
        from metrics.nets.recurrent import draw_batches, run_states, train

        steps = check_count(self.info.name, "steps", self.steps)
        real, fake = check_pair(real, fake, at_least=5)
        rngs = context.rngs()
        layout = Layout(real.shape[2], hidden_units(real.shape[2]))
        windows = torch.from_numpy(standardize(np.concatenate([real, fake]), real)).to(context.device)

        splits = [draw_split(rng, len(real), len(fake)) for rng in rngs]
        parameters = torch.from_numpy(np.stack([layout.initial(rng) for rng in rngs])).to(context.device)
        pools = ([split.real for split in splits], [split.fake for split in splits])
        batches = draw_batches(rngs, pools, steps, context.device)
        size = min(128, len(splits[0].real))
        head = LastStateHead(size, size, windows.shape[1], context.device)
        losses = train(parameters, layout, windows, batches, head, context.progress, steps)

        tests = torch.from_numpy(np.stack([split.tests for split in splits])).to(context.device)
        weights = layout.views(parameters)
        states = run_states(parameters, layout, windows, tests)
        logits = [weights.dense @ state[-1] + weights.dense_bias for state, _ in states]
        predicted_real = (torch.cat(logits, dim=2)[:, 0].sigmoid() > 0.5).cpu().numpy()
        details = {"windows": min(len(real), len(fake)), "units": layout.units, "comparable": False}
        return discriminative_score(predicted_real, {**details, "final_loss": losses[-1].tolist()})
