"""The classifier two-sample test for windows that overlap, by boosted trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from metrics.base import MetricInfo, ScoreContext, Windows
from metrics.common.block_test import BlockTest, Task
from metrics.common.two_sample import tree_probabilities, window_features


class BlockC2ST(BlockTest):
    """`BlockTest` with the boosted trees of `c2st`.

    `details` list, per repetition, the `p_value` (one-sided, for an AUC above ½), the `sequential_auc` that it judges, and the
    numbers of blocks and of windows per set. The floor depends on how strongly windows of a block depend on each other, so the
    control `oracle` measures it.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="block_c2st",
        title="Classifier two-sample test by blocks",
        symbol="Block AUC",
        summary="area under the ROC curve of boosted trees cross-fitted by blocks, with a p-value that overlap leaves valid",
        higher_is_better=None,
        range=(0.0, 1.0),
        ideal=0.5,
        cost="training",
        version=1,
        source="Friedman 2003 and Kim et al. 2021 (classifier tests), Romano 1990 (swaps under unequal variances), "
        "Lhéritier and Cazals 2018 (sequential classifiers); blocks and pairs are ours",
    )

    def scores(self, windows: Windows, tasks: Sequence[Task], context: ScoreContext) -> list[NDArray[np.float64]]:
        """See `BlockTest.scores`: probabilities of being real."""
        rows = window_features(windows)
        found = []
        for done, task in enumerate(tasks, 1):
            trains = np.concatenate([task.real, task.fake])
            is_real = np.arange(len(trains)) < len(task.real)
            found.append(tree_probabilities(rows[trains], is_real, rows[task.tests], task.seed))
            context.progress(done, len(tasks))
        return found
