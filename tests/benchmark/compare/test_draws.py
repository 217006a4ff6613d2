"""Several draws of samples from one model are one score."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark.compare.command import compare
from benchmark.errors import UserError
from benchmark.plan.cell import Cell
from benchmark.store.store import Store
from tests.benchmark.compare.stores import compared, put


def test_draws_of_samples_are_one_score_by_those_that_both_have(
    stores: tuple[Store, Store], cells: tuple[Cell, ...]
) -> None:
    put(stores[0], cells[0], {"context_fid": (0.1, 0.2), "context_fid@1": (0.3, 0.2), "context_fid@2": (9.0, 9.0)})
    put(stores[1], cells[0], {"context_fid": (0.4, 0.6), "context_fid@1": (0.6, 0.8)})
    record = compared(stores)
    (one,) = record["comparisons"]
    assert (one["a"], one["b"], one["unit"], one["n"]) == (pytest.approx(0.2), pytest.approx(0.6), "repetition", 2)
    expected = stats.ttest_rel(np.log([0.5, 0.7]), np.log([0.2, 0.2]))
    assert one["p"] == pytest.approx(expected.pvalue)
    assert [side["scores"] for side in record["only_in_a"]] == ["seed 0: context_fid@2"]


def test_draws_of_several_seeds_are_averaged_by_seed(stores: tuple[Store, Store], cells: tuple[Cell, ...]) -> None:
    for store, shift in zip(stores, (0.0, 0.4), strict=True):
        for seed in (0, 1):
            level = 0.1 + 0.2 * seed + shift
            put(store, cells[seed], {"spectral": (level, level), "spectral@1": (level + 0.1, level + 0.1)})
    (one,) = compared(stores)["comparisons"]
    assert (one["a"], one["b"], one["unit"], one["n"]) == (pytest.approx(0.25), pytest.approx(0.65), "training seed", 2)


def test_draws_that_no_two_seeds_share_are_refused(stores: tuple[Store, Store], cells: tuple[Cell, ...]) -> None:
    put(stores[0], cells[0], {"spectral@1": (0.1, 0.2)})
    put(stores[1], cells[0], {"spectral": (0.1, 0.2)})
    with pytest.raises(UserError, match="spectral: no draw of samples is scored for every training seed of both"):
        compare(*stores)
