"""The study of power: disjoint roles, the smallest strength by bisection, and the bound of a spread."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.data.windows import WindowSet
from metrics.base import MetricInfo, Score
from metrics.marginal_wasserstein import MarginalWasserstein
from tests.studies.power import STRENGTHS, Search, by_spread, draw_roles, row

SIZES = {"train": [6, 5, 6, 5], "validation": [3, 2, 3], "test": [3, 2, 3]}
NUMBERS = {"train": [0, 3, 6, 9], "validation": [1, 5, 7], "test": [2, 4, 8]}


def window_set() -> WindowSet:
    """Windows (N, 2, 1) whose values say their role's number and their own."""
    blocks = {role: np.repeat(NUMBERS[role], SIZES[role]) for role in SIZES}
    names = list(SIZES)
    windows = [
        (np.arange(sum(SIZES[role])) / 100 + names.index(role) / 4).astype(np.float32)[:, None, None].repeat(2, axis=1)
        for role in names
    ]
    return WindowSet(*windows, None, ("x",), np.zeros(1), np.ones(1), blocks=blocks)


def test_roles_are_disjoint_and_either_block_of_a_pair_can_be_real() -> None:
    held = window_set()
    sides = set()
    for seed in range(20):
        roles = draw_roles(held, seed)
        context = roles.context
        assert context.training is not None
        assert context.validation is not None
        assert context.blocks is not None
        everything = [roles.real, roles.fresh, context.training, context.validation]
        values = np.concatenate([windows[:, 0, 0] for windows in everything])
        assert len(np.unique(values)) == len(values) == 22 + 16
        assert len(roles.real) == len(roles.fresh) == len(context.blocks.real)
        assert set(context.blocks.real) | {1, 2, 4, 5, 7, 8} == {1, 2, 4, 5, 7, 8}
        assert len(set(context.blocks.real)) == 3
        assert set(context.blocks.training) == {0, 6}
        assert set(context.blocks.validation) == {3, 9}
        sides.add(tuple(sorted(set(context.blocks.real))))
    assert len(sides) > 4


def test_unequal_numbers_of_blocks_are_refused() -> None:
    held = window_set()
    blocks = {**held.blocks, "test": np.repeat([2, 4], [5, 3])}
    with pytest.raises(SystemExit, match="no pairs"):
        draw_roles(WindowSet(held.train, held.validation, held.test, None, ("x",), held.low, held.high, "", blocks), 0)


@pytest.mark.parametrize("least", [*STRENGTHS, 2.0])
def test_the_search_finds_the_smallest_strength_and_computes_no_more_than_it_must(least: float) -> None:
    answers: dict[str, list[bool]] = {}
    search = Search(window_set(), lambda *_: True, 10, answers)
    search.found = lambda corruption, strength, repetition: strength >= least  # type: ignore[method-assign]
    assert search.smallest("noise") == (least if least in STRENGTHS else None)
    assert len(answers) == 3
    assert {len(found) for found in answers.values()} <= {8, 3}  # 8 found of 10, or 3 missed


def test_a_score_is_judged_by_the_spread_of_a_perfect_generator() -> None:
    class Fixed(MarginalWasserstein):
        def compute(self, real, fake, context=None):  # type: ignore[no-untyped-def,override]
            return Score((float(fake),))

    assert isinstance(Fixed.info, MetricInfo)
    clean = list(np.arange(19) / 100)
    assert not by_spread(Fixed(), clean)(None, 0.18, None)
    assert by_spread(Fixed(), clean)(None, 0.181, None)
    with pytest.raises(SystemExit, match="give --repetitions 19 or more"):
        by_spread(Fixed(), clean[:18])


def test_a_line_says_how_often_uncorrupted_windows_are_rejected() -> None:
    found = {"clean": [0.5] * 4, "p_values": [0.5, 0.04, 0.9, 0.01], "smallest": {"noise": 0.1, "mode_drop": None}}
    line = row("block_c2st", found)
    assert line[:3] == ["block_c2st", "p ≤ 0.05 (2 of 4)", "0.1"]
    assert "none" in line
