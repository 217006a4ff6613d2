from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.errors import UserError
from benchmark.files import read_json, write_json
from benchmark.plan.cell import Cell
from benchmark.plan.planner import Plan, make_plan
from benchmark.plan.request import Request
from benchmark.report.status_text import status_text
from benchmark.report.store_status import CellStatus, status_record, suite_status, whole_status
from benchmark.store.sealed_record import sealed
from benchmark.store.store import Store

SUITE = SuiteSpec(
    name="x",
    datasets=("sines",),
    generators=("copy", "gaussian", "jitter", "shuffle"),
    budget="smoke",
    scores=("dcr_ratio",),
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(SUITE, Request())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs").create()


def put(store: Store, cell: Cell, state: str, *, stage: str = "", reason: str = "", **stages: float) -> Path:
    """The records of a cell in a state, with the wall seconds of its finished stages; returns its folder."""
    folder = store.cell(cell).path
    (folder / "stages").mkdir(parents=True)
    store.cell(cell).write_record(cell)
    write_json(folder / "status.json", sealed({"state": state, "stage": stage, "reason": reason}))
    identity = {"generator": cell.generator, "dataset": "sines", "length": 24, "budget": "smoke"}
    records = {name.replace("__", ":"): {"wall_seconds": seconds} for name, seconds in stages.items()}
    write_json(folder / "provenance.json", sealed({**identity, "stages": records}))
    for name in set(stages) & {"fit", "sample"}:
        write_json(folder / "stages" / f"{name}.json", sealed({"key": "k", "files": {}}))
    return folder


def journal(folder: Path, *lines: tuple[float, str, str]) -> None:
    notes = [json.dumps({"time": at, "pid": 1, "stage": stage, "event": event}) for at, stage, event in lines]
    (folder / "journal.jsonl").write_text("\n".join([*notes, '{"time": 12, "st']))  # the last one is being written


def by_generator(cells: list[CellStatus]) -> dict[str, CellStatus]:
    return {cell.generator: cell for cell in cells}


def test_every_cell_of_a_store_with_what_it_took_and_what_is_missing(store: Store, plan: Plan) -> None:
    copy, gaussian, jitter, shuffle = plan.cells
    put(store, copy, "done", fit=2.0, sample=3.0, score__dcr_ratio=4.5)
    folder = put(store, gaussian, "failed", stage="score:dcr_ratio", reason="ValueError: x", fit=1.0, sample=1.0)
    journal(folder, (1.0, "fit", "started"), (2.0, "fit", "finished"), (3.0, "score:dcr_ratio", "failed"))
    folder = put(store, jitter, "interrupted", stage="fit", reason="stopped")
    (folder / "checkpoint").mkdir()
    write_json(folder / "checkpoint" / "elapsed", {"wall_seconds": 7.5})
    folder = put(store, shuffle, "running", fit=1.0)
    now = time.time()
    journal(folder, (now - 60, "fit", "started"), (now - 59, "fit", "finished"), (now - 1, "sample", "started"))
    with store.lock(shuffle.key, timeout=0):
        cells = whole_status(store)
    found = by_generator(cells)
    assert {name: cell.counts_as for name, cell in found.items()} == {
        "copy": "done",
        "gaussian": "failed",
        "jitter": "missing",
        "shuffle": "running",
    }
    assert {name: cell.seconds for name, cell in found.items()} == {
        "copy": 9.5,
        "gaussian": 2.0,
        "jitter": 7.5,
        "shuffle": 1.0,
    }
    assert {name: cell.missing for name, cell in found.items()} == {
        "copy": (),
        "gaussian": ("score:dcr_ratio",),
        "jitter": ("fit", "sample"),
        "shuffle": ("sample",),
    }
    running = found["shuffle"]
    assert running.stage == "sample"
    assert running.running_seconds == pytest.approx(2, abs=2)
    # Nobody measured how long this generator samples, so 5 s are expected, of which 1 is over.
    assert running.left == pytest.approx(3, abs=2)
    # The score of another generator took 4.5 s; a fit of a control takes 2 s where nothing is known.
    assert found["gaussian"].left == 4.5
    record = status_record(store, None, cells)
    assert record["totals"]["missing"] == record["totals"]["failed"] == record["totals"]["running"] == 1
    assert record["totals"]["seconds"] == pytest.approx(9.5 + 2 + 7.5 + 1 + 2, abs=2)
    assert record["totals"]["left"] == pytest.approx((found["jitter"].left or 0) + (running.left or 0), abs=0.1)
    text = status_text("store", cells)
    assert (
        "Gaussian  failed in score:dcr_ratio, 2 s spent; ValueError: x; to compute: score:dcr_ratio (about 4 s)" in text
    )
    assert "1 done, 1 running, 1 failed, 0 skipped, 1 missing" in text


def test_a_running_cell_whose_lock_nobody_holds_was_interrupted(store: Store, plan: Plan) -> None:
    cell = plan.cells[0]
    journal(put(store, cell, "running"), (5.0, "fit", "started"))
    with store.lock(cell.key, timeout=0):
        (alive,) = whole_status(store)
    (dead,) = whole_status(store)
    assert (alive.state, alive.stage) == ("running", "fit")
    assert (dead.state, dead.stage, dead.running_seconds, dead.counts_as) == ("interrupted", "fit", None, "missing")
    assert "no process computes it any more" in dead.reason


def test_a_stage_that_runs_for_longer_than_expected_has_no_known_end(store: Store, plan: Plan) -> None:
    cell = plan.cells[0]
    journal(put(store, cell, "running"), (5.0, "fit", "started"))
    with store.lock(cell.key, timeout=0):
        cells = whole_status(store)
    assert cells[0].left is None
    assert "(time not known)" in status_text("store", cells)
    assert "of computing left and 1 cell whose time is not known" in status_text("store", cells)


def test_a_cell_that_another_host_computes_names_it(store: Store, plan: Plan) -> None:
    cell = plan.cells[0]
    journal(put(store, cell, "running"), (5.0, "fit", "started"))
    owner = store.root / "locks" / f"{cell.key}.owner"
    owner.write_text('{"host": "node-7", "boot": "x", "pid": 1}')
    (found,) = whole_status(store)
    assert (found.state, found.stage, found.reason) == ("running", "fit", "on node-7")


def test_a_suite_counts_the_cells_that_the_store_has_not_tried(store: Store, plan: Plan) -> None:
    put(store, plan.cells[0], "failed", stage="fit", reason="ValueError: x")
    found = by_generator(suite_status(plan, store))
    assert list(found) == ["copy", "gaussian", "jitter", "shuffle"]
    assert (found["copy"].state, found["copy"].reason) == ("failed", "ValueError: x")
    assert found["jitter"].missing == ("fit", "sample", "score:dcr_ratio")
    assert found["jitter"].left == 2 + 5 + 10
    assert status_record(store, "x", list(found.values()))["totals"]["left"] == 3 * 17


def test_only_budget_and_protocol_keep_some_cells(store: Store, plan: Plan) -> None:
    for cell in plan.cells:
        put(store, cell, "done")
    assert [cell.generator for cell in whole_status(store, ["generator=copy,jitter"])] == ["copy", "jitter"]
    assert len(whole_status(store, budget="smoke", protocol="paper")) == 4
    assert whole_status(store, budget="quick") == whole_status(store, protocol="strict") == []
    with pytest.raises(UserError, match=r"unknown generator 'copi' in the store '.*'; did you mean 'copy'\?"):
        whole_status(store, ["generator=copi"])


def test_a_folder_without_a_readable_record_is_named(store: Store, plan: Plan) -> None:
    folder = put(store, plan.cells[0], "done")
    write_json(folder / "cell.json", {**read_json(folder / "cell.json"), "length": 25})
    (cell,) = whole_status(store)
    assert (cell.state, cell.folder, cell.counts_as) == ("altered", folder.name, "missing")
    assert "cell.json is missing, damaged or altered" in status_text("", [cell])
    assert status_record(store, None, [cell])["totals"]["unknown"] == 1


def test_an_empty_and_a_missing_store(store: Store, tmp_path: Path, plan: Plan) -> None:
    assert "0 done, 0 running, 0 failed, 0 skipped, 0 missing; 0 s spent" in status_text("", whole_status(store))
    for ask in (whole_status, lambda missing: suite_status(plan, missing)):
        with pytest.raises(UserError, match="there is no store"):
            ask(Store(tmp_path / "nowhere"))


def test_nothing_is_written(store: Store, plan: Plan) -> None:
    cell = plan.cells[0]
    put(store, cell, "running")
    before = {path: path.stat().st_mtime_ns for path in store.root.rglob("*")}
    whole_status(store)
    suite_status(plan, store)
    assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*")} == before
