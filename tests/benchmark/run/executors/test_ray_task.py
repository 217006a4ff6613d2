"""What happens on a node: without Ray, with a real worker process."""

from __future__ import annotations

import importlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.errors import UserError
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.run import launch
from benchmark.run.events import Event, Kind
from benchmark.run.executors.cell_files import is_seen, needed, unpack
from benchmark.run.executors.mailbox import STOP, CellFiles, Mailbox
from benchmark.run.executors.ray_task import Task, attend
from benchmark.run.job import Job, dump_job, parse_job
from benchmark.run.limits import Limits
from benchmark.store.records import State
from benchmark.store.store import Store
from tests.conftest import environment


def task(generator: str, folder: Path, seconds: float = 600.0) -> tuple[Task, Job]:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=(generator,), budget="smoke")
    store = Store(folder / "runs").create()
    job = Job(make_plan(suite, Request()).cells[0], ("duplicates",), store.root)
    return Task("one", dump_job(job), store.id, Limits(seconds), str(folder), environment()), job


def test_a_node_ends_what_exceeds_the_cells_wall_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.syspath_prepend(str(request.config.rootpath / "tests" / "fixtures" / "plugins"))
    sent, job = task("faulty:Hangs", tmp_path, seconds=0.0)
    end = attend(sent, job, lambda events: "")
    assert (end.state, end.exceeded, end.crashed) == (State.TIMEOUT, True, True)


def test_an_order_to_stop_reaches_the_worker(tmp_path: Path) -> None:
    sent, job = task("copy", tmp_path)
    end = attend(sent, job, lambda events: STOP)
    assert end.state in (State.INTERRUPTED, State.KILLED)


def test_the_mailbox_keeps_events_in_order_and_the_last_order() -> None:
    mailbox = Mailbox()
    assert mailbox.exchange("a", [Event(Kind.PROGRESS, step=1)]) == ""
    assert mailbox.order("a", STOP), "its task has begun"
    assert mailbox.exchange("a", [Event(Kind.PROGRESS, step=2)]) == STOP
    assert not mailbox.order("c", STOP), "its task waits for a node"
    assert mailbox.exchange("c", []) == STOP
    assert mailbox.exchange("b", []) == ""
    assert [(name, event.step) for name, event in mailbox.drain()] == [("a", 1), ("a", 2)]
    assert mailbox.drain() == []
    mailbox.send("b", CellFiles(granted=True))
    assert mailbox.receive("a") is None
    assert mailbox.receive("b") == CellFiles(granted=True)


def test_a_store_is_seen_by_its_name(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs").create()
    assert is_seen(store.root, store.id)
    assert not is_seen(store.root, "another")
    assert not is_seen(tmp_path / "nowhere", store.id)
    (tmp_path / "file").write_text("")
    assert not is_seen(tmp_path / "file", store.id)


def test_the_files_of_a_cell_are_the_data_file_and_the_cells_own_files(tmp_path: Path) -> None:
    _, job = task("copy", tmp_path)
    (tmp_path / "own.csv").write_text("a\n1\n")
    dataset = job.cell.dataset.model_copy(update={"recipe": None, "file": "own.csv", "folder": str(tmp_path)})
    job = replace(job, cell=replace(job.cell, dataset=dataset))
    folder = Store(job.store).cell(job.cell)
    (folder.path / "checkpoint").mkdir(parents=True)
    (folder.path / "checkpoint" / "state").write_text("half way")
    files = needed(job)
    assert set(files) == {"data/own.csv", f"cells/{job.cell.slug}/checkpoint/state"}
    there = unpack(job, {name: path.read_bytes() for name, path in files.items()}, tmp_path / "node")
    assert there.cell.key == job.cell.key
    assert (Path(there.cell.dataset.folder or "") / "own.csv").read_text() == "a\n1\n"
    assert (Store(there.store).cell(there.cell).checkpoint / "state").read_text() == "half way"
    assert parse_job(dump_job(there)) == there


def test_an_executor_that_cannot_be_had_is_one_sentence() -> None:
    with pytest.raises(UserError, match="--address is a Ray cluster's; add --executor ray"):
        launch.options("cpu", 1, None, None, address="auto")
    with pytest.raises(UserError, match="rai"):
        launch.options("cpu", 1, None, None, executor="rai")
    assert launch.options("auto", None, None, None, executor="ray").device == "auto"


def test_a_local_run_imports_neither_ray_nor_what_speaks_to_it() -> None:
    program = (
        "import sys, benchmark.run.launch, benchmark.cli.app; "
        "print([name for name in sys.modules if name.partition('.')[0] == 'ray' or 'executors.ray' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment(), check=True
    )
    assert done.stdout.strip() == "[]"
    importlib.import_module("benchmark.run.executors.ray_executor")
    assert "ray" not in sys.modules
