from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmark.errors import UserError
from benchmark.plan.planner import Plan
from benchmark.store.store import Store
from benchmark.tracking.destination import Place
from benchmark.tracking.mlflow_upload import Tracker, UnreachableError, deliver, outstanding
from benchmark.tracking.suite_runs import SuiteBook, SuiteRun, open_plan
from benchmark.tracking.sync import sync
from tests.benchmark.tracking.conftest import finish_cell, free_port
from tests.benchmark.tracking.test_mlflow_upload import points, runs_of

NOWHERE = "http://127.0.0.1:9"


def test_everything_is_delivered_once(book: SuiteBook, tracker: Tracker) -> None:
    lines: list[str] = []
    first = sync(book.store, None, lines.append)
    assert first.record() == {"delivered": {tracker.place.shown: 3}, "left": {}, "reasons": {}}
    assert first.text() == f"delivered 3 runs to {tracker.place.uri}"
    second = sync(book.store, None, lines.append)
    assert (second.text(), second.failed) == ("nothing left to deliver", False)
    assert len(runs_of(tracker)) == 3


def test_a_run_goes_where_it_was_meant_to(book: SuiteBook, plan: Plan, tracker: Tracker) -> None:
    open_plan(book, plan, NOWHERE)
    report = sync(book.store, None, print)
    assert report.delivered == {tracker.place.shown: 3, NOWHERE: 0}
    assert report.left == {NOWHERE: 3}
    assert report.failed
    assert "3 runs could not be delivered to http://127.0.0.1:9 (connection refused); they are kept" in report.text()


def test_a_run_without_tracking_is_delivered_only_where_told(store: Store, plan: Plan, tracker: Tracker) -> None:
    for index in range(2):
        finish_cell(store, plan, index)
    book = SuiteBook(store)
    book.close(open_plan(book, plan, None).id, "finished")
    assert sync(store, None, print).text() == "nothing left to deliver"
    assert sync(store, "local", print).delivered == {tracker.place.shown: 3}


def test_refusals(tmp_path: Path, store: Store) -> None:
    with pytest.raises(UserError, match=r"there is no store '.*nowhere'; run a suite first"):
        sync(Store(tmp_path / "nowhere"), None, print)
    with pytest.raises(UserError, match=r"--tracking none delivers nothing"):
        sync(store, "none", print)


@pytest.fixture
def serve(tmp_path: Path, empty_database: Path) -> Iterator[Callable[[], tuple[Place, subprocess.Popen[bytes]]]]:
    """Start a real server, again on the same address and database; all are ended with the test."""
    folder = tmp_path / "server"
    folder.mkdir()
    shutil.copy(empty_database, folder / "server.db")
    port = free_port()
    started = []

    def start() -> tuple[Place, subprocess.Popen[bytes]]:
        command = [
            sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
            "--backend-store-uri", f"sqlite:///{folder}/server.db", "--artifacts-destination", f"{folder}/artefacts",
        ]  # fmt: skip
        quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=folder, env={**os.environ, **quiet}, stdout=log, stderr=log, start_new_session=True
            )
        started.append(process)
        uri = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{uri}/health", timeout=1) as answer:  # noqa: S310 - this machine's
                    if answer.status == 200:
                        break
            except OSError:
                time.sleep(0.1)
        return Place(uri, uri), process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.timeout(120)
def test_a_server_killed_midway_gets_the_rest_later_once(
    run: SuiteRun, book: SuiteBook, serve: Callable[[], tuple[Place, subprocess.Popen[bytes]]]
) -> None:
    place, server = serve()
    tracker = Tracker(place, book.store)
    assert deliver(run, book, tracker, {run.cells[0].key}).delivered == 2
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    with pytest.raises(UnreachableError, match="connection refused"):
        deliver(run, book, tracker)
    assert [item.name for item in outstanding(run, book, place)] == ["sines 24 gaussian"]
    serve()
    assert sync(book.store, place.uri, print).delivered == {place.uri: 1}
    assert sync(book.store, place.uri, print).text() == "nothing left to deliver"
    runs = runs_of(tracker)
    assert set(runs) == {"small paper smoke", "sines 24 copy", "sines 24 gaussian"}
    for name in ("sines 24 copy", "sines 24 gaussian"):
        assert points(tracker, runs[name], "train/stage1/loss") == [(50, 2.0), (100, 1.0)]
        assert runs[name].data.tags["mlflow.parentRunId"] == runs["small paper smoke"].info.run_id
        scores = tracker.client.download_artifacts(runs[name].info.run_id, "scores.json")
        assert Path(scores).read_bytes() == (book.store.root / "cells" / run.cells[0].slug / "scores.json").read_bytes()
