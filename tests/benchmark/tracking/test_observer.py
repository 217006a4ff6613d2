from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.plan.planner import Plan
from benchmark.run.outcome import Outcome
from benchmark.store.records import State
from benchmark.store.store import Store
from benchmark.tracking import observer
from benchmark.tracking.mlflow_upload import Uploader
from benchmark.tracking.observer import UNTRACKED, MLflowTracking, track_plan, track_sweep
from benchmark.tracking.suite_runs import FINISHED, INTERRUPTED, SuiteRun, SuiteRuns
from benchmark.tracking.sync import sync
from tests.benchmark.run.conftest import run_suite
from tests.benchmark.tracking.conftest import finish_cell
from tests.benchmark.tracking.test_mlflow_upload import assert_whole, runs_of

SUITE = "budget: smoke\ndatasets: [sines]\ngenerators: [copy]\nscores: [dcr_ratio]\n"


def incomplete(where: str, reason: str, store: Store) -> str:
    return (
        f"the upload to {where} is not complete ({reason}); the results are, and "
        f"'python -m benchmark sync --store {store.root}' uploads the rest"
    )


def wait(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_cell_is_uploaded_when_it_ends_and_the_rest_at_the_end(store: Store, plan: Plan, uploader: Uploader) -> None:
    lines: list[str] = []
    with track_plan(plan, store, "local", lines.append) as tracked:
        finish_cell(store, plan, 0)
        tracked.ended(Outcome(plan.cells[0], State.DONE, computed=True))
        wait(lambda: "sines 24 copy, smoke, paper" in runs_of(uploader))
        early = runs_of(uploader)
        assert set(early) == {"small, sines 24, smoke, paper", "sines 24 copy, smoke, paper"}
        assert early["small, sines 24, smoke, paper"].info.status == "RUNNING"
        finish_cell(store, plan, 1)
        tracked.ended(Outcome(plan.cells[1], State.DONE, computed=True))
    assert_whole(uploader)
    assert runs_of(uploader)["small, sines 24, smoke, paper"].info.status == "FINISHED"
    shown = f"'python -m benchmark ui --store {store.root}' shows it"
    assert lines == [f"tracked in {uploader.destination.uri}, experiment 'small, sines, smoke, paper'; {shown}"]


def test_an_interrupt_waits_for_nothing_and_loses_nothing(store: Store, plan: Plan, uploader: Uploader) -> None:
    lines: list[str] = []
    tracked = track_plan(plan, store, "local", lines.append)
    assert isinstance(tracked, MLflowTracking)
    tracked.__enter__()
    finish_cell(store, plan, 0)
    tracked.ended(Outcome(plan.cells[0], State.DONE, computed=True))
    assert tracked.process is not None
    assert tracked.process.poll() is None
    tracked.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert tracked.process.returncode == -9
    assert SuiteRuns(store).all()[0].state == INTERRUPTED
    assert lines == [incomplete(uploader.destination.uri, "it was interrupted", store)]
    assert sync(store, None, print).uploaded == {uploader.destination.shown: 2}
    assert runs_of(uploader)["small, sines 24, smoke, paper"].info.status == "KILLED"


def test_a_server_that_never_answers_is_waited_for_a_bounded_time(
    store: Store, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observer, "SERVER_SECONDS", 2.0)
    lines: list[str] = []
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with track_plan(plan, store, uri, lines.append) as tracked:
            finish_cell(store, plan, 0)
            began = time.monotonic()
        assert time.monotonic() - began >= 2
    assert isinstance(tracked, MLflowTracking)
    assert tracked.process is not None
    assert tracked.process.returncode == -9
    assert lines == [incomplete(uri, "it took longer than 2 s", store)]
    assert SuiteRuns(store).all()[0].state == FINISHED


def test_a_server_known_to_be_silent_is_not_asked_again(
    store: Store, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    lines: list[str] = []
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with track_plan(plan, store, uri, lines.append) as tracked:
            assert isinstance(tracked, MLflowTracking)
            tracked.started(plan.cells[0], ["fit"])
            first = tracked.process
            assert first is not None
            wait(lambda: first.poll() is not None)
        assert tracked.process is first
    assert lines == [incomplete(uri, "no answer in time", store)]


def test_a_run_whose_records_cannot_be_written_is_untracked_and_goes_on(store: Store, plan: Plan) -> None:
    lines: list[str] = []
    (store.root / "tracking").write_text("in the way")
    assert track_plan(plan, store, None, lines.append) is UNTRACKED
    assert lines[0].startswith("this run is not tracked: ")
    (store.root / "tracking").unlink()
    with track_plan(plan, store, None, lines.append) as tracked:
        shutil.rmtree(store.root / "tracking")
        tracked.ended(Outcome(plan.cells[0], State.DONE, computed=True))
    assert lines[1].startswith("tracking failed: "), lines
    assert lines[1].endswith("; the results are not affected")


def test_a_run_with_its_server_down_is_complete_and_says_what_to_do(tmp_path: Path, uploader: Uploader) -> None:
    del uploader  # its database is in the store, so that the local upload below needs to create none
    down = run_suite(tmp_path, "--tracking", "http://127.0.0.1:9", text=SUITE)
    assert down.returncode == 0, down.stderr
    assert "the upload to http://127.0.0.1:9 is not complete (connection refused); the results are" in down.stderr
    scores = json.loads(next((tmp_path / "runs").glob("cells/*/scores.json")).read_text())
    assert set(scores) == {"dcr_ratio"}
    assert [path.suffix for path in sorted((tmp_path / "runs").glob("suites/*/*"))] == [".csv", ".html", ".md", ".tex"]
    tracked = run_suite(tmp_path, text=SUITE, TIMEMAR_TRACKING="local")
    assert tracked.returncode == 0
    assert tracked.stdout == down.stdout
    assert "tracked in sqlite:///" in tracked.stderr
    # Nothing is new, so that no process is started and only the destination is printed.
    log = (tmp_path / "runs" / "tracking" / "sync.log").stat().st_mtime_ns
    assert "tracked in sqlite:///" in run_suite(tmp_path, text=SUITE, TIMEMAR_TRACKING="local").stderr
    assert (tmp_path / "runs" / "tracking" / "sync.log").stat().st_mtime_ns == log


def test_a_run_whose_server_hangs_finishes_says_so_once_and_is_uploaded_later(
    tmp_path: Path, uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    del uploader  # its database is in the store, so that the local upload below needs to create none
    monkeypatch.setattr(observer, "SERVER_SECONDS", 2.0)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        hung = run_suite(tmp_path, text=SUITE, TIMEMAR_TRACKING=uri)
    assert hung.returncode == 0, hung.stderr
    assert hung.stderr.count("is not complete") == 1
    assert f"the upload to {uri} is not complete (it took longer than 2 s); the results are" in hung.stderr
    scores = json.loads(next((tmp_path / "runs").glob("cells/*/scores.json")).read_text())
    assert set(scores) == {"dcr_ratio"}
    lines: list[str] = []
    assert list(sync(Store(tmp_path / "runs"), "local", lines.append).uploaded.values()) == [2]


def test_a_wrong_uri_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    done = run_suite(tmp_path, "--tracking", "localhost:5000", text=SUITE)
    assert done.returncode == 2
    assert done.stderr.startswith("error: --tracking 'localhost:5000' is no tracking URI")
    assert not (tmp_path / "runs").exists()


def test_the_cells_of_a_sweep_come_one_by_one(store: Store, plan: Plan, uploader: Uploader) -> None:
    # The scores of a sweep's settings are those of its best trial alone.
    spec = {"param": {"depth": "3,4"}, "scores": ["spectral"]}
    run = SuiteRun("0123456789abcdef", "sweep-study", "sweep-study strict smoke", spec, (), scores=("context_fid",))
    with track_sweep(run, {"study": "study"}, store, "local", lambda line: None) as tracked:
        for index in range(2):
            tracked.add([plan.cells[index]], f"depth={index + 3}")
            finish_cell(store, plan, index)
    runs = runs_of(uploader, "sweep-study")
    assert set(runs) == {
        "sweep-study strict smoke",
        "sines 24 copy depth=3, smoke, paper",
        "sines 24 gaussian depth=4, smoke, paper",
    }
    assert runs["sweep-study strict smoke"].data.params == {"param.depth": "3,4", "scores": '["spectral"]'}


def test_two_runners_of_one_plan_are_one_suite_run(store: Store, plan: Plan) -> None:
    for index in range(2):
        finish_cell(store, plan, index)
    suite_runs = SuiteRuns(store)
    with track_plan(plan, store, "none", print):
        with track_plan(plan, store, "none", print):
            assert suite_runs.is_under_way(suite_runs.all()[0])
        assert len(suite_runs.all()) == 1
    assert suite_runs.all()[0].state == FINISHED
    with track_plan(plan, store, "none", print):
        assert suite_runs.is_under_way(suite_runs.all()[0])


def test_an_upload_outlives_a_killed_runner(store: Store, plan: Plan, uploader: Uploader) -> None:
    tracked = track_plan(plan, store, "local", print)
    assert isinstance(tracked, MLflowTracking)
    finish_cell(store, plan, 0)
    tracked.started(plan.cells[1], ["fit"])
    assert tracked.process is not None
    # It holds nothing of its runner's, so that it ends by itself.
    assert tracked.process.stdin is not None
    assert tracked.process.stdin.closed
    assert tracked.process.wait(timeout=60) == 0
    assert "sines 24 copy, smoke, paper" in runs_of(uploader)
