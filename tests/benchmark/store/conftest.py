"""A store with one finished cell of a control."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.plan.planner import Plan, make_plan
from benchmark.plan.request import Request
from benchmark.run.stages import CellRun
from benchmark.store.store import Store
from tests.benchmark.store.states import missing, problems


@pytest.fixture
def plan() -> Plan:
    suite = SuiteSpec(
        name="x", datasets=("sines",), generators=("copy",), budget="smoke", scores=("dcr_ratio", "duplicates")
    )
    return make_plan(suite, Request())


@pytest.fixture
def store(tmp_path: Path, plan: Plan) -> Store:
    """A store with one finished cell."""
    made = Store(tmp_path / "runs").create()
    (cell,) = plan.cells
    made.cell(cell).path.mkdir()
    made.cell(cell).write_record(cell)
    run = CellRun(cell, made, "cpu", None, lambda progress: None, lambda: False)
    for stage in missing(made, cell, plan.scores):
        run.run(stage)
    assert missing(made, cell, plan.scores) == []
    assert problems(made, cell) == []
    return made
