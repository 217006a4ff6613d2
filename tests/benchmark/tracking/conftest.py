"""A store with hand-made results of two cells, and an empty MLflow database that is made once and copied."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.files import write_json
from benchmark.plan.planner import Plan, make_plan
from benchmark.plan.request import Request
from benchmark.store.sealed_record import sealed
from benchmark.store.store import Store
from benchmark.tracking.destination import DATABASE, local
from benchmark.tracking.mlflow_upload import Uploader
from benchmark.tracking.suite_runs import FINISHED, SuiteRun, SuiteRuns, open_plan
from tests.benchmark.store.score_records import score_record

LOG = [
    {"stage": "stage1", "step": 50, "loss": 2.0, "vq": 0.5},
    {"stage": "stage1", "step": 100, "loss": 9.0},
    # Gone on with from a checkpoint: these steps were logged before.
    {"stage": "stage1", "step": 100, "loss": 1.0},
    {"stage": "stage2", "step": 50, "loss": float("nan")},
]
SCORE = score_record(2.0, 1.0, 3.0, half_width=12.7)
FIT = {
    "started": "2026-01-02T03:04:05+0000",
    "wall_seconds": 2.5,
    "peak_memory_mib": 300.0,
    "parameters": 7,
    "machine": {"device": "cpu"},
    "commit": "a" * 40,
    "dirty": False,
}
SAMPLE = {**FIT, "started": "2026-01-02T03:04:08+0000", "wall_seconds": 1.5, "seconds_sampling_only": 1.25}
STARTED = 1767323045000
"""2026-01-02T03:04:05 UTC in milliseconds."""


@pytest.fixture(scope="session", autouse=True)
def _environment() -> Iterator[None]:
    """Clients set their environment in the uploading process, which here is the tests' own."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def plan() -> Plan:
    suite = SuiteSpec(
        name="small", budget="smoke", datasets=("sines",), generators=("copy", "gaussian"), scores=("context_fid",)
    )
    return make_plan(suite, Request())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs").create()


def finish_cell(store: Store, plan: Plan, index: int) -> None:
    """Leave behind what a finished cell does."""
    cell = plan.cells[index]
    folder = store.cell(cell).path
    folder.mkdir(parents=True, exist_ok=True)
    store.cell(cell).write_record(cell)
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LOG) + '{"stage": "stage2", "st')
    store.cell(cell).write_score("context_fid", SCORE)
    write_json(folder / "provenance.json", sealed({"stages": {"fit": FIT, "sample": SAMPLE}}))
    write_json(folder / "status.json", sealed({"state": "done", "reason": "", "stage": ""}))


@pytest.fixture
def suite_runs(store: Store, plan: Plan) -> SuiteRuns:
    """The suite runs of a store with one finished suite run, whose table is kept, for the store's own database."""
    for index in range(len(plan.cells)):
        finish_cell(store, plan, index)
    suite_runs = SuiteRuns(store)
    run = open_plan(suite_runs, plan, "local")
    table = store.root / "suites" / "small-paper-smoke" / "table.md"
    table.parent.mkdir()
    table.write_text("| a table |\n")
    suite_runs.close(run.id, FINISHED, [table])
    return suite_runs


@pytest.fixture
def run(suite_runs: SuiteRuns) -> SuiteRun:
    return suite_runs.all()[0]


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without runs; making one takes seconds."""
    store = Store(tmp_path_factory.mktemp("empty") / "runs").create()
    Uploader(local(store), store)
    return store.root / DATABASE


@pytest.fixture(autouse=True)
def _migrated_once(empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow fills a new database from that one, instead of by its migrations."""

    def fill(engine: Any) -> None:
        with closing(sqlite3.connect(empty_database)) as source, closing(engine.raw_connection()) as target:
            source.backup(target.driver_connection)

    monkeypatch.setattr("mlflow.store.db.utils._initialize_tables", fill)


@pytest.fixture
def uploader(store: Store, empty_database: Path) -> Uploader:
    """The store's own database, empty."""
    shutil.copy(empty_database, store.root / DATABASE)
    return Uploader(local(store), store)


def forget_connections() -> None:
    """Drop MLflow's open databases, which it keeps for the life of a process; every upload of the program is a new process."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    for engine in SqlAlchemyStore._engine_map.values():
        engine.dispose()


def skipped(run: SuiteRun, index: int, reason: str) -> SuiteRun:
    """The suite run with a cell that cannot run."""
    cells = list(run.cells)
    cells[index] = replace(cells[index], skip=reason)
    return replace(run, cells=tuple(cells))


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        return int(link.getsockname()[1])
