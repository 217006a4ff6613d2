"""A two-sample test for windows that overlap: cross-fitted by blocks, with a p-value from swapping whole blocks."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from metrics.base import DEFAULT_CONTEXT, Metric, NotApplicable, Score, ScoreContext, Windows
from metrics.common.checks import check_pair
from metrics.common.measured import Measured, collect

FOLDS = 5
LEAST_BLOCKS = FOLDS + 2
"""Four folds of at least five pairs are then tested, and the smallest p-value of 2⁵ swaps, 1/32, lies below 5 %."""
SWAPS = 1999

_SIGNS_AT_ONCE = 4_000_000


class Task(NamedTuple):
    """One classifier: the numbers of the real and generated windows that train it and of those that it scores, and its seed."""

    real: NDArray[np.intp]
    fake: NDArray[np.intp]
    tests: NDArray[np.intp]
    seed: int


@dataclass(frozen=True)
class Design:
    """The pairs and folds of one repetition.

    A pair is the windows of one real block and as many generated ones. Both lie in one fold, so that a fold holds equally many
    of either, and stays so when a pair swaps its labels.

    Attributes:
        rows: The windows (2n,) as numbers into real and generated windows put together; the first n are real.
        pair: The pair (2n,) of each, from 0.
        fold: The fold (2n,) of each, 0 … FOLDS − 1.
    """

    rows: NDArray[np.intp]
    pair: NDArray[np.intp]
    fold: NDArray[np.intp]

    @property
    def is_real(self) -> NDArray[np.bool_]:
        """Which windows (2n,) are real."""
        return np.arange(len(self.rows)) < len(self.rows) // 2

    def task(self, trains: NDArray[np.bool_], tests: NDArray[np.bool_], seed: int) -> Task:
        """The classifier trained and tested on the windows (2n,) that are marked."""
        return Task(self.rows[trains & self.is_real], self.rows[trains & ~self.is_real], self.rows[tests], seed)

    def tasks(self, rng: np.random.Generator) -> list[Task]:
        """A classifier of all other folds for each fold, then one of the earlier folds for folds 1 … FOLDS − 2.

        For the last fold the two are the same.
        """
        seeds = rng.integers(2**31, size=2 * FOLDS - 2).tolist()
        all_others = [(self.fold != fold, fold) for fold in range(FOLDS)]
        earlier = [(self.fold < fold, fold) for fold in range(1, FOLDS - 1)]
        return [
            self.task(trains, self.fold == fold, seed)
            for (trains, fold), seed in zip([*all_others, *earlier], seeds, strict=False)
        ]


TASKS = 2 * FOLDS - 2
"""Classifiers of one repetition."""


def draw_design(blocks: NDArray[np.intp], generated: int, rng: np.random.Generator) -> Design:
    """Pairs of the real `blocks` (N,) with `generated` windows, in random folds of equally many pairs.

    The generated windows are dealt in their own order, because neighbours may depend on each other; where there are more of them
    than real ones, a run of as many. Where there are fewer, a random subset of the real windows takes part.
    """
    n = min(len(blocks), generated)
    real = np.sort(rng.permutation(len(blocks))[:n])
    first = int(rng.integers(generated - n + 1))
    # By block, so that the k-th run of generated windows belongs to the k-th block.
    real = real[np.argsort(blocks[real], kind="stable")]
    pair = np.unique(blocks[real], return_inverse=True)[1]
    fold = (rng.permutation(pair[-1] + 1) % FOLDS)[pair]
    rows = np.concatenate([real, len(blocks) + first + np.arange(n)])
    return Design(rows, np.tile(pair, 2), np.tile(fold, 2))


def pair_differences(
    scores: NDArray[np.float64], is_real: NDArray[np.bool_], pair: NDArray[np.intp], pairs: int
) -> NDArray[np.float64]:
    """What each of so many pairs adds to AUC − ½ of n real against n generated windows with `scores` (2n,).

    With n fixed the AUC is linear in the ranks of the real windows, so that a pair whose labels are swapped changes the sign of
    its part, (rank sum of its real windows − rank sum of its generated ones) / (2 n²), and nothing else.
    """
    from scipy.stats import rankdata

    ranks = rankdata(scores)
    n = len(scores) / 2
    return np.bincount(pair, np.where(is_real, ranks, -ranks), minlength=pairs) / (2 * n * n)


def swap_p_value(differences: NDArray[np.float64], rng: np.random.Generator) -> float:
    """How often random signs give the `differences` (P,) a sum of at least their own, which counts as one of the draws."""
    total, slack = differences.sum(), 1e-9 * np.abs(differences).sum()
    part = max(1, _SIGNS_AT_ONCE // len(differences))
    reached = 0
    for start in range(0, SWAPS, part):
        signs = rng.integers(0, 2, (min(part, SWAPS - start), len(differences))).astype(np.float64) * 2 - 1
        reached += int(np.count_nonzero(signs @ differences >= total - slack))
    return (1 + reached) / (1 + SWAPS)


def auc_parts(design: Design, folds: Sequence[int], scores: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Each pair's part (P,) of the mean AUC of some folds, less ½, from the scores of each; a fold counts by its windows."""
    pairs = int(design.pair.max()) + 1
    inside = [design.fold == fold for fold in folds]
    sizes = np.array([mask.sum() for mask in inside])
    parts = [
        pair_differences(values, design.is_real[mask], design.pair[mask], pairs)
        for mask, values in zip(inside, scores, strict=True)
    ]
    summed: NDArray[np.float64] = (sizes / sizes.sum()) @ np.array(parts)
    return summed


def measured(design: Design, scores: Sequence[NDArray[np.float64]], rng: np.random.Generator) -> Measured:
    """AUC and p-value of one repetition from the scores of its `Design.tasks`."""
    folds = auc_parts(design, range(FOLDS), scores[:FOLDS])
    later = auc_parts(design, range(1, FOLDS), [*scores[FOLDS:], scores[FOLDS - 1]])
    tested = later[np.unique(design.pair[design.fold > 0])]
    details = {
        "p_value": swap_p_value(tested, rng),
        "sequential_auc": 0.5 + float(tested.sum()),
        "blocks": len(folds),
        "windows": len(design.rows) // 2,
    }
    return Measured(0.5 + float(folds.sum()), details)


class BlockTest(Metric):
    """AUC of a classifier cross-fitted by blocks, and the p-value of its sequential counterpart.

    Real windows of one block overlap, so a block is in one fold as a whole. Each block of real windows and a run of as many
    generated windows are a pair. Under the null hypothesis both sides of a pair have the same expected rank, so that swapping
    their labels changes only the sign of what the pair adds. The variance of the swapped sum is that of the true one even where
    real windows depend on each other within a block and generated ones do not, because it is the sum of the squared differences
    of the pairs.

    The value is the mean AUC of five folds, weighted by their windows, each scored by a classifier of the four others. Its
    folds train on each other's test windows, which makes their AUCs go together and up to doubles the variance of the mean, so
    the p-value stands on a second pass: fold k is scored by a classifier of folds 1 … k − 1 alone, and given those its AUC has
    mean ½ under the null.
    """

    min_windows = LEAST_BLOCKS

    @abc.abstractmethod
    def scores(self, windows: Windows, tasks: Sequence[Task], context: ScoreContext) -> list[NDArray[np.float64]]:
        """How real each task's test windows look: one number a window of `Task.tests`, greater is more real.

        `windows` (N + M, T, D) are the real and the generated ones. The device and the progress callback are `context`'s.
        """

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; `context.blocks` is needed. Each detail is a list with one entry per repetition."""
        real, fake = check_pair(real, fake, self.min_windows)
        name = self.info.name
        if context.blocks is None:
            raise NotApplicable(f"{name} needs the blocks of the windows, which protocol strict gives.")
        blocks = np.asarray(context.blocks.real)
        if len(blocks) != len(real):
            raise ValueError(f"{len(blocks)} blocks are given for {len(real)} real windows; give one per window.")
        rngs = context.rngs()
        designs = [draw_design(blocks, len(fake), rng) for rng in rngs]
        fewest = min(int(design.pair[-1]) + 1 for design in designs)
        if fewest < LEAST_BLOCKS:
            raise NotApplicable(
                f"{name} needs {LEAST_BLOCKS} blocks of real windows for its {FOLDS} folds; there are {fewest}."
            )
        tasks = [task for design, rng in zip(designs, rngs, strict=True) for task in design.tasks(rng)]
        found = self.scores(np.concatenate([real, fake]), tasks, context)
        per_repetition = [found[start : start + TASKS] for start in range(0, len(found), TASKS)]
        return collect([measured(*one) for one in zip(designs, per_repetition, rngs, strict=True)])
