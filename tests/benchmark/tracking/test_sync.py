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
from benchmark.tracking.destination import Destination
from benchmark.tracking.mlflow_content import run_contents
from benchmark.tracking.mlflow_upload import UnreachableError, Uploader
from benchmark.tracking.suite_runs import SuiteRun, SuiteRuns, open_plan
from benchmark.tracking.sync import sync
from tests.benchmark.tracking.conftest import finish_cell, free_port
from tests.benchmark.tracking.test_mlflow_upload import assert_whole, runs_of

NOWHERE = "http://127.0.0.1:9"


def test_everything_is_uploaded_once(suite_runs: SuiteRuns, uploader: Uploader) -> None:
    lines: list[str] = []
    first = sync(suite_runs.store, None, lines.append)
    assert first.record() == {"uploaded": {uploader.destination.shown: 3}, "left": {}, "reasons": {}}
    assert first.text() == f"uploaded 3 runs to {uploader.destination.uri}"
    second = sync(suite_runs.store, None, lines.append)
    assert (second.text(), second.failed) == ("nothing left to upload", False)
    assert_whole(uploader)


def test_a_run_goes_where_it_was_meant_to(suite_runs: SuiteRuns, plan: Plan, uploader: Uploader) -> None:
    open_plan(suite_runs, plan, NOWHERE)
    report = sync(suite_runs.store, None, print)
    assert report.uploaded == {uploader.destination.shown: 3, NOWHERE: 0}
    assert report.left == {NOWHERE: 3}
    assert report.failed
    assert "3 runs could not be uploaded to http://127.0.0.1:9 (connection refused); they are kept" in report.text()


def test_a_run_without_tracking_is_uploaded_only_where_asked(store: Store, plan: Plan, uploader: Uploader) -> None:
    for index in range(2):
        finish_cell(store, plan, index)
    suite_runs = SuiteRuns(store)
    suite_runs.close(open_plan(suite_runs, plan, None).id, "finished")
    assert sync(store, None, print).text() == "nothing left to upload"
    assert sync(store, "local", print).uploaded == {uploader.destination.shown: 3}


def test_a_server_that_has_everything_is_asked_again_only_by_name(suite_runs: SuiteRuns, plan: Plan) -> None:
    run = open_plan(suite_runs, plan, NOWHERE)
    suite_runs.set_uploaded(run.id, NOWHERE, run_contents(run, suite_runs).digest)
    assert NOWHERE not in sync(suite_runs.store, None, print).left
    assert sync(suite_runs.store, NOWHERE, print).left == {NOWHERE: 3}


def test_refusals(tmp_path: Path, store: Store) -> None:
    with pytest.raises(UserError, match=r"there is no store '.*nowhere'; run a suite first"):
        sync(Store(tmp_path / "nowhere"), None, print)
    with pytest.raises(UserError, match=r"--tracking none uploads nothing"):
        sync(store, "none", print)


@pytest.fixture
def serve(tmp_path: Path, empty_database: Path) -> Iterator[Callable[[], tuple[Destination, subprocess.Popen[bytes]]]]:
    """Start a real server, again on the same address and database; all are ended with the test."""
    folder = tmp_path / "server"
    folder.mkdir()
    shutil.copy(empty_database, folder / "server.db")
    port = free_port()
    started = []

    def start() -> tuple[Destination, subprocess.Popen[bytes]]:
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
        return Destination(uri, uri), process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.timeout(120)
def test_a_server_killed_midway_gets_the_rest_later_once(
    run: SuiteRun, suite_runs: SuiteRuns, serve: Callable[[], tuple[Destination, subprocess.Popen[bytes]]]
) -> None:
    destination, server = serve()
    uploader = Uploader(destination, suite_runs.store)
    contents = run_contents(run, suite_runs).all
    assert uploader.upload(contents[:2]).uploaded == 2
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    with pytest.raises(UnreachableError, match=r"connection refused|it broke off the connection"):
        uploader.upload(contents)
    serve()
    assert sync(suite_runs.store, destination.uri, print).uploaded == {destination.uri: 1}
    assert sync(suite_runs.store, destination.uri, print).text() == "nothing left to upload"
    assert_whole(uploader)
    for name in ("sines 24 copy, smoke, paper", "sines 24 gaussian, smoke, paper"):
        scores = uploader.client.download_artifacts(runs_of(uploader)[name].info.run_id, "scores.json")
        assert (
            Path(scores).read_bytes()
            == (suite_runs.store.root / "cells" / run.cells[0].slug / "scores.json").read_bytes()
        )
