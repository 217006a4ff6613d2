from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.errors import UserError
from benchmark.files import write_json
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.report.available import require_results
from benchmark.store.sealed_record import sealed
from benchmark.store.store import Store

SUITE = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke")


def test_a_missing_store_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no store '.*nowhere'; run a suite first"):
        require_results(make_plan(SUITE, Request()), Store(tmp_path / "nowhere"))


def test_a_store_of_another_budget_says_what_it_has(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs").create()
    with pytest.raises(UserError, match="it holds no cell"):
        require_results(make_plan(SUITE, Request()), store)
    plan = make_plan(SUITE, Request())
    folder = store.cell(plan.cells[0]).path
    folder.mkdir(parents=True)
    store.cell(plan.cells[0]).write_record(plan.cells[0])
    write_json(folder / "status.json", sealed({"state": "failed", "reason": "x", "stage": "fit"}))
    require_results(plan, store)
    other = make_plan(SUITE, Request(budget="paper"))
    with pytest.raises(UserError) as caught:
        require_results(other, store)
    assert str(caught.value) == (
        f"the store '{store.root}' holds nothing of suite 'x' at budget paper, protocol paper; it holds 1 cell of sines 24 at "
        "budget smoke, protocol paper. Choose among these with --budget, --protocol and --only, or run the suite first."
    )
