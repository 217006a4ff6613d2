"""Two stores, and the cells that they may hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.plan.cell import Cell
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.store.store import Store
from tests.benchmark.compare.stores import SUITE


@pytest.fixture(scope="module")
def cells() -> tuple[Cell, ...]:
    """Jitter with the training seeds 0, 1 and 2, then Gaussian with the same."""
    return make_plan(SUITE, Request()).cells


@pytest.fixture
def stores(tmp_path: Path) -> tuple[Store, Store]:
    return Store(tmp_path / "a").create(), Store(tmp_path / "b").create()
