"""The two-sample tests by blocks: their pairs and folds, the p-value against complete enumeration, and their calibration."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from metrics.base import Blocks, NotApplicable, ScoreContext
from metrics.block_c2st import BlockC2ST
from metrics.block_c2st_lstm import BlockC2STLSTM
from metrics.common import block_test
from metrics.common.block_test import (
    FOLDS,
    LEAST_BLOCKS,
    TASKS,
    auc_parts,
    draw_design,
    measured,
    pair_differences,
    swap_p_value,
)
from tests.metrics.corruptions import time_shuffle

SIZES = [4, 3, 5, 4, 4, 3, 5, 4, 4]
BLOCKS = np.repeat(np.arange(10, 10 + len(SIZES)), SIZES)


def context(blocks: np.ndarray, seeds: tuple[int, ...] = (0,)) -> ScoreContext:
    return ScoreContext(seeds=seeds, blocks=Blocks(blocks, np.arange(3), np.arange(3)))


def walks(blocks: np.ndarray, seed: int, overlap: bool) -> np.ndarray:
    """Windows (N, 8, 1) at a level of each block's own, or of each window's own: the same distribution of a window."""
    rng = np.random.default_rng(seed)
    level = rng.standard_normal(len(blocks))
    level = level[np.unique(blocks, return_inverse=True)[1]] if overlap else level
    return (level[:, None, None] + 0.3 * rng.standard_normal((len(blocks), 8, 1))).astype(np.float32)


@pytest.mark.parametrize("generated", [len(BLOCKS), len(BLOCKS) + 9, len(BLOCKS) - 5])
def test_a_block_is_one_pair_in_one_fold_with_as_many_generated_windows(generated):
    design = draw_design(BLOCKS, generated, np.random.default_rng(1))
    n = min(generated, len(BLOCKS))
    assert len(design.rows) == 2 * n == 2 * design.is_real.sum()
    assert len(np.unique(design.rows)) == 2 * n
    real, fake = design.rows[:n], design.rows[n:]
    assert real.max() < len(BLOCKS) <= fake.min()
    assert (np.diff(fake) == 1).all()
    assert (np.diff(BLOCKS[real]) >= 0).all()
    pair_of_block = {}
    for block, pair in zip(BLOCKS[real], design.pair[:n], strict=True):
        assert pair_of_block.setdefault(block, pair) == pair
    assert (np.bincount(design.pair[:n]) == np.bincount(design.pair[n:])).all()
    for pair in np.unique(design.pair):
        assert len(np.unique(design.fold[design.pair == pair])) == 1
    folds = [len(np.unique(design.pair[design.fold == fold])) for fold in range(FOLDS)]
    assert max(folds) - min(folds) <= 1


def test_blocks_need_not_stand_in_order():
    shuffled = np.random.default_rng(0).permutation(BLOCKS)
    design = draw_design(shuffled, len(BLOCKS), np.random.default_rng(1))
    for pair in np.unique(design.pair):
        assert len(np.unique(shuffled[design.rows[: len(BLOCKS)][design.pair[: len(BLOCKS)] == pair]])) == 1


def test_no_classifier_trains_on_a_block_that_it_tests_and_the_second_pass_knows_earlier_folds_only():
    rng = np.random.default_rng(4)
    design = draw_design(BLOCKS, len(BLOCKS), rng)
    tasks = design.tasks(rng)
    assert len(tasks) == TASKS
    place = {row: number for number, row in enumerate(design.rows)}
    for number, task in enumerate(tasks):
        trains, tests = ([place[row] for row in rows] for rows in (np.concatenate([task.real, task.fake]), task.tests))
        assert not set(design.pair[trains]) & set(design.pair[tests])
        assert len(task.real) == len(task.fake)
        fold = number if number < FOLDS else number - FOLDS + 1
        assert set(design.fold[tests]) == {fold}
        assert set(design.fold[trains]) == (set(range(FOLDS)) - {fold} if number < FOLDS else set(range(fold)))
        assert len(trains) == np.isin(design.fold, list(set(design.fold[trains]))).sum()
    assert len({task.seed for task in tasks}) == TASKS


def hand_made() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(8)
    pair = np.repeat(np.arange(6), [3, 1, 4, 2, 2, 3])
    scores = np.round(rng.standard_normal(30) + np.repeat([0.4, 0], 15), 1)  # rounded, so that there are ties
    return scores, np.arange(30) < 15, np.tile(pair, 2)


def test_swapping_pairs_changes_the_auc_as_the_signs_of_their_parts_do():
    scores, is_real, pair = hand_made()
    parts = pair_differences(scores, is_real, pair, 6)
    for signs in product([1, -1], repeat=6):
        swapped = is_real == (np.array(signs)[pair] > 0)
        assert roc_auc_score(swapped, scores) == pytest.approx(0.5 + np.dot(signs, parts), abs=1e-12)


def test_the_p_value_is_that_of_complete_enumeration():
    scores, is_real, pair = hand_made()
    parts = pair_differences(scores, is_real, pair, 6)
    area = roc_auc_score(is_real, scores)
    all_swaps = [
        roc_auc_score(is_real == (np.array(signs)[pair] > 0), scores) >= area - 1e-12
        for signs in product([1, -1], repeat=6)
    ]
    found = [swap_p_value(parts, np.random.default_rng(seed)) for seed in range(20)]
    assert 0.05 < np.mean(all_swaps) < 0.5
    assert np.mean(found) == pytest.approx(np.mean(all_swaps), abs=0.01)
    assert swap_p_value(np.zeros(6), np.random.default_rng(0)) == 1.0


def test_many_pairs_are_swapped_in_parts_with_the_same_law(monkeypatch):
    parts = np.random.default_rng(0).standard_normal(40) + 0.2
    whole = swap_p_value(parts, np.random.default_rng(1))
    monkeypatch.setattr(block_test, "_SIGNS_AT_ONCE", 40 * 7)
    assert swap_p_value(parts, np.random.default_rng(1)) == pytest.approx(whole, abs=0.03)


def test_the_value_is_the_mean_of_the_folds_areas_by_their_windows():
    rng = np.random.default_rng(2)
    design = draw_design(BLOCKS, len(BLOCKS), rng)
    scores = [rng.standard_normal(len(task.tests)) for task in design.tasks(rng)]
    masks = [design.fold == fold for fold in range(FOLDS)]
    areas = [roc_auc_score(design.is_real[mask], one) for mask, one in zip(masks, scores[:FOLDS], strict=True)]
    expected = np.average(areas, weights=[mask.sum() for mask in masks])
    assert measured(design, scores, rng).value == pytest.approx(expected)
    assert auc_parts(design, range(FOLDS), scores[:FOLDS]).sum() == pytest.approx(expected - 0.5)
    # The second pass: folds 1 … 3 by classifiers of their own, the last by that of the first pass.
    later = [roc_auc_score(design.is_real[masks[k]], scores[FOLDS + k - 1]) for k in (1, 2, 3)] + [areas[-1]]
    sequential = np.average(later, weights=[mask.sum() for mask in masks[1:]])
    assert measured(design, scores, rng).details["sequential_auc"] == pytest.approx(sequential)


class Level(block_test.BlockTest):
    """The nearest class mean of the windows' levels: a classifier quick enough for many repetitions."""

    info = BlockC2ST.info

    def scores(self, windows, tasks, context):
        level = windows.mean(axis=(1, 2))
        return [level[t.tests] * (level[t.real].mean() - level[t.fake].mean()) for t in tasks]


def test_under_the_null_five_in_a_hundred_are_rejected_though_only_real_windows_depend_on_each_other(monkeypatch):
    """400 repetitions: 20 rejections expected, and 99.9 % of binomial draws lie in 8 … 36. Plain folds reject more."""
    monkeypatch.setattr(block_test, "SWAPS", 199)
    blocks = np.repeat(np.arange(15), 6)
    rejected = plain = 0
    for seed in range(400):
        real, fake = walks(blocks, 2 * seed, overlap=True), walks(blocks, 2 * seed + 1, overlap=False)
        rng = np.random.default_rng(seed)
        design = draw_design(blocks, len(fake), rng)
        scores = Level().scores(np.concatenate([real, fake]), design.tasks(rng), ScoreContext())
        rejected += measured(design, scores, rng).details["p_value"] <= 0.05
        plain += swap_p_value(auc_parts(design, range(FOLDS), scores[:FOLDS]), rng) <= 0.05
    assert 8 <= rejected <= 36
    assert rejected < plain


def test_a_shift_is_found(waves):
    blocks = np.repeat(np.arange(12), 8)
    real = waves(96, 0, 12, 2)
    score = BlockC2ST().compute(real, time_shuffle(waves(96, 1, 12, 2), 1, 0), context(blocks, (0, 1)))
    assert min(score.values) > 0.9
    assert max(score.details["p_value"]) <= 0.01
    assert score.details["blocks"] == [12, 12]
    assert score.details["windows"] == [96, 96]


def test_the_lstm_finds_a_shift_in_level_and_nothing_in_one_set_twice(waves):
    blocks = np.repeat(np.arange(10), [7, 8] * 5)
    real = waves(75, 0, 6, 2) / 2
    score = BlockC2STLSTM(steps=60).compute(real, waves(75, 1, 6, 2) / 2 + 0.45, context(blocks))
    assert score.values[0] > 0.9
    assert score.details["p_value"][0] <= 0.02
    same = BlockC2STLSTM(steps=10).compute(real, real, context(blocks))
    assert same.values == (0.5,)
    assert same.details["p_value"] == [1.0]


def test_what_it_cannot_do_without():
    real = walks(BLOCKS, 0, overlap=True)
    with pytest.raises(NotApplicable, match="block_c2st needs the blocks of the windows, which protocol strict gives"):
        BlockC2ST().compute(real, real)
    few = np.minimum(BLOCKS, 10 + LEAST_BLOCKS - 2)
    with pytest.raises(NotApplicable, match=f"needs {LEAST_BLOCKS} blocks .* there are {LEAST_BLOCKS - 1}"):
        BlockC2STLSTM().compute(real, real, context(few))
    with pytest.raises(ValueError, match="3 blocks are given for 36 real windows"):
        BlockC2ST().compute(real, real, context(BLOCKS[:3]))


def test_the_run_of_generated_windows_begins_anywhere():
    firsts = {int(draw_design(np.arange(10), 40, np.random.default_rng(seed)).rows[10]) for seed in range(200)}
    assert (min(firsts), max(firsts)) == (10, 40)
