"""The classifier two-sample test for windows that overlap, by a two-layer LSTM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from metrics.base import MetricInfo, ScoreContext, Windows
from metrics.block_c2st import BlockC2ST
from metrics.common.block_test import BlockTest, Task
from metrics.common.checks import check_count
from metrics.discriminative_lstm2 import hidden_units, standardize


class BlockC2STLSTM(BlockTest):
    """`BlockTest` with the two-layer LSTM of `discriminative_lstm2`: its width, batches, loss and Adam.

    All classifiers of all repetitions train side by side, on batches of as many windows as the smallest training set allows.
    The windows are standardized by real and generated ones together, so that the scaling knows no labels. `details` are
    those of `block_c2st`.
    """

    info: ClassVar[MetricInfo] = replace(
        BlockC2ST.info,
        name="block_c2st_lstm",
        title="Classifier two-sample test by blocks (two-layer LSTM)",
        symbol="Block AUC LSTM",
        summary="area under the ROC curve of two-layer LSTMs cross-fitted by blocks, with a p-value that overlap leaves valid",
    )

    def __init__(self, steps: int = 500) -> None:
        self.steps = steps

    def scores(self, windows: Windows, tasks: Sequence[Task], context: ScoreContext) -> list[NDArray[np.float64]]:
        """See `BlockTest.scores`: logits of being real."""
        import torch

        from metrics.nets.classifier import LastStateHead
        from metrics.nets.lstm import Layout
        from metrics.nets.recurrent import BATCH, draw_batches, run_states, train

        steps = check_count(self.info.name, "steps", self.steps)
        layout = Layout(windows.shape[2], hidden_units(windows.shape[2]))
        inputs = torch.from_numpy(standardize(windows, windows)).to(context.device)
        rngs = [np.random.default_rng(task.seed) for task in tasks]
        parameters = torch.from_numpy(np.stack([layout.initial(rng) for rng in rngs])).to(context.device)
        pools = ([task.real for task in tasks], [task.fake for task in tasks])
        batches = draw_batches(rngs, pools, steps, context.device)
        size = min(BATCH, *map(len, pools[0]))
        head = LastStateHead(size, size, inputs.shape[1], context.device)
        train(parameters, layout, inputs, batches, head, context.progress, steps)
        context.progress(steps, steps)

        # Folds differ by a few windows; a shorter one is repeated up to the length of the longest, and cut off again.
        most = max(len(task.tests) for task in tasks)
        tests = np.stack([np.resize(task.tests, most) for task in tasks])
        weights = layout.views(parameters)
        rows = torch.from_numpy(tests).to(context.device)
        states = run_states(parameters, layout, inputs, rows)
        logits = [weights.dense @ state[-1] + weights.dense_bias for state, _ in states]
        found = torch.cat(logits, dim=2)[:, 0].double().cpu().numpy()
        return [one[: len(task.tests)] for one, task in zip(found, tasks, strict=True)]
