"""The three-sample test of data copying: who lies nearer to the training windows, generated or test windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from metrics.base import DEFAULT_CONTEXT, Metric, MetricInfo, Score, ScoreContext, Windows
from metrics.common.checks import check_pair, check_training
from metrics.common.clusters import Estimate, Numbers, RankShift, Variance, check_blocks, rank_shift, variance_by_block
from metrics.common.measured import Measured, collect, flat
from metrics.common.neighbours import Points, nearest
from metrics.common.threads import one_thread

LEAST_IN_CELL = 20
"""Test windows, and generated windows, that a cell needs for the normal approximation of the Mann-Whitney statistic."""
WINDOWS_PER_CELL = 50
"""Test windows for each cell of the partition."""
MOST_CELLS = 10
STARTS = 4
"""Starts of k-means, of which the best is kept."""


class DataCopying(Metric):
    """C_T: the Mann-Whitney z-score of distances to the nearest training window, generated against test, averaged over cells.

    Distances are Euclidean between flattened windows. The cells are those of a k-means partition of the training windows, a
    cell for each 50 test windows, ten at most. In a cell of n test and m generated windows, U counts the pairs in which the
    generated window lies further from the training windows, ties as halves, and z = (U − mn/2) / √(mn (m + n + 1) / 12). C_T
    weighs the z-scores by the cells' shares of test windows, over the cells that hold 20 of both; where none does, all windows
    are one cell. Negative: generated windows lie nearer than unseen real ones do, which is copying. Positive: further away.

    z takes windows for independent, and with overlapping ones spreads more widely than 1 for a perfect generator. `z_blocks` is
    C_T over its standard error by blocks, and `p_value` its one-sided p-value: test windows depend on each other within a
    block, generated windows where their nearest training windows lie in one block.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="data_copying",
        title="Data-copying test, C_T",
        symbol="C_T",
        summary="z-score of generated against test windows' distances to training windows, by cell; below 0 is copying",
        higher_is_better=None,
        range=(-math.inf, math.inf),
        ideal=0.0,
        cost="light",
        version=2,
        source="Meehan, Chaudhuri and Dasgupta 2020; number of cells and error by blocks are ours",
        decimals=2,
        memorisation=True,
    )

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; requires `context.training` and `context.blocks`.

        Each seed makes a partition. Details by repetition: `p_value`, `z_blocks`, `z` (all windows in one cell); by kept cell
        `cell_z`, `cell_test` and `cell_generated`, the numbers of windows; `test_in_cells`, the share of test windows in them.
        """
        training, fake = check_training(self, context, fake)
        real, _ = check_pair(real, fake, self.min_windows)
        blocks = check_blocks(self, context)
        known, tests, generated = flat(training), flat(real), flat(fake)
        test_nearest, generated_nearest = nearest(tests, known), nearest(generated, known)
        distances = test_nearest.distances, generated_nearest.distances
        near = blocks.training[generated_nearest.rows]
        overall = cells_of(*distances, *(np.zeros(len(points), np.intp) for points in (tests, generated)))
        repetitions = []
        for number, seed in enumerate(context.seeds):
            centres = _centres(known, min(MOST_CELLS, max(1, len(tests) // WINDOWS_PER_CELL)), seed)
            cells = cells_of(*distances, *(nearest(points, centres).rows for points in (tests, generated)))
            kept = [cell for cell in cells if min(len(cell.test), len(cell.generated)) >= LEAST_IN_CELL] or overall
            estimate = averaged(kept, blocks.real, near)
            details = {
                "p_value": estimate.p_value(0, "less"),
                "z_blocks": estimate.value / estimate.error,
                "z": overall[0].z,
                "cell_z": [cell.z for cell in kept],
                "cell_test": [len(cell.test) for cell in kept],
                "cell_generated": [len(cell.generated) for cell in kept],
                "test_in_cells": sum(len(cell.test) for cell in kept) / len(tests),
            }
            repetitions.append(Measured(estimate.value, details))
            context.progress(number + 1, len(context.seeds))
        return collect(repetitions)


class Cell(NamedTuple):
    """Rows of the test windows (n,) and of the generated windows (m,) in a cell, and how far the latter's distances lie above."""

    test: Numbers
    generated: Numbers
    shift: RankShift

    @property
    def spread(self) -> float:
        """The standard deviation of the area under the ROC curve for independent windows of one distribution."""
        n, m = len(self.test), len(self.generated)
        return math.sqrt((n + m + 1) / (12 * n * m))

    @property
    def z(self) -> float:
        """The Mann-Whitney z-score; below 0 the generated windows lie nearer."""
        return self.shift.value / self.spread


def cells_of(test: Points, generated: Points, test_cells: Numbers, generated_cells: Numbers) -> list[Cell]:
    """The cells that hold test and generated windows, from their distances (N,), (M,) and the numbers of their cells."""
    found = []
    for cell in np.intersect1d(test_cells, generated_cells):
        rows, others = np.flatnonzero(test_cells == cell), np.flatnonzero(generated_cells == cell)
        found.append(Cell(rows, others, rank_shift(generated[others], test[rows])))
    return found


def averaged(cells: Sequence[Cell], test_blocks: Numbers, generated_blocks: Numbers) -> Estimate:
    """C_T of cells, with its variance by blocks (N,), (M,), which is at least that of independent windows.

    Deviations are from the mean of each cell, so that each cell takes a degree of freedom.
    """
    shares = np.array([len(cell.test) for cell in cells], np.float64)
    shares /= shares.sum()
    scales = [share / cell.spread for share, cell in zip(shares, cells, strict=True)]
    value = float(sum(scale * cell.shift.value for scale, cell in zip(scales, cells, strict=True)))
    variance = Variance(0.0, 1)
    for blocks, parts in (
        (test_blocks, [(cell.test, cell.shift.b) for cell in cells]),
        (generated_blocks, [(cell.generated, cell.shift.a) for cell in cells]),
    ):
        deviations = np.concatenate([scale * part for scale, (_, part) in zip(scales, parts, strict=True)])
        rows = np.concatenate([rows for rows, _ in parts])
        variance = variance.plus(variance_by_block(deviations, blocks[rows], len(cells)))
    least = float(np.square(shares).sum())
    return Estimate(value, Variance(max(least, variance.value), variance.freedom))


def _centres(known: Points, cells: int, seed: int) -> Points:
    """The k-means centres (cells, F) of training windows (N, F)."""
    from sklearn.cluster import KMeans

    cells = min(cells, len(np.unique(known, axis=0)))
    with one_thread():  # scikit-learn may have been loaded just now, with threads of its own
        found = KMeans(cells, n_init=STARTS, random_state=seed % 2**32).fit(known)
    return np.asarray(found.cluster_centers_, np.float64)
