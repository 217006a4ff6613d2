from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest

from benchmark.plan.planner import Plan
from benchmark.run.progress import LineDisplay
from benchmark.run.runner import Outcome
from benchmark.store.store import Store
from benchmark.tracking import observer as follow
from benchmark.tracking.mlflow_upload import Tracker, outstanding
from benchmark.tracking.observer import UNTRACKED, Follower, follow_plan, follow_sweep
from benchmark.tracking.suite_runs import FINISHED, INTERRUPTED, SuiteBook, SuiteRun
from tests.benchmark.run.conftest import run_suite
from tests.benchmark.tracking.conftest import finish_cell
from tests.benchmark.tracking.test_mlflow_upload import points, runs_of

SUITE = "budget: smoke\ndatasets: [sines]\ngenerators: [copy]\nscores: [dcr_ratio]\n"


def test_a_cell_is_delivered_when_it_ends_and_the_rest_at_the_end(store: Store, plan: Plan, tracker: Tracker) -> None:
    lines: list[str] = []
    with follow_plan(plan, store, "local", lines.append) as tracked:
        watcher = tracked.watching(LineDisplay(2, lambda line: None))
        finish_cell(store, plan, 0)
        watcher.ended(Outcome(plan.cells[0], "done"))
        deadline = time.monotonic() + 60
        while "sines 24 copy" not in runs_of(tracker) and time.monotonic() < deadline:
            time.sleep(0.2)
        early = runs_of(tracker)
        assert set(early) == {"small paper smoke", "sines 24 copy"}
        assert early["small paper smoke"].info.status == "RUNNING"
        finish_cell(store, plan, 1)
        watcher.ended(Outcome(plan.cells[1], "done"))
    runs = runs_of(tracker)
    assert set(runs) == {"small paper smoke", "sines 24 copy", "sines 24 gaussian"}
    assert runs["small paper smoke"].info.status == "FINISHED"
    assert points(tracker, runs["sines 24 gaussian"], "train/stage1/loss") == [(50, 2.0), (100, 1.0)]
    where = f"{store.root}"
    assert lines == [
        f"tracked in {tracker.place.uri}, experiment 'small'; 'python -m benchmark ui --store {where}' shows it"
    ]


def test_an_interrupt_waits_for_nothing_and_loses_nothing(store: Store, plan: Plan, tracker: Tracker) -> None:
    lines: list[str] = []
    followed = follow_plan(plan, store, "local", lines.append)
    assert isinstance(followed, Follower)
    followed.__enter__()
    finish_cell(store, plan, 0)
    followed.watching(LineDisplay(2, lambda line: None)).ended(Outcome(plan.cells[0], "done"))
    began = time.monotonic()
    followed.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert time.monotonic() - began < 2
    assert followed.process is not None
    assert followed.process.returncode == -9
    book = SuiteBook(store)
    assert book.all()[0].state == INTERRUPTED
    assert len(outstanding(book.all()[0], book, tracker.place)) == 2
    assert lines == [f"2 runs are not tracked yet; 'python -m benchmark sync --store {store.root}' delivers them"]


def test_a_server_that_never_answers_is_waited_for_a_bounded_time(
    store: Store, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "SERVER_SECONDS", 2.0)
    lines: list[str] = []
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with follow_plan(plan, store, uri, lines.append):
            for index in range(2):
                finish_cell(store, plan, index)
            began = time.monotonic()
        assert 2 <= time.monotonic() - began < 4
    assert lines == [
        f"3 of 3 runs were not delivered to {uri} (it took longer than 2 s); the results are complete, and "
        f"'python -m benchmark sync --store {store.root}' delivers the rest"
    ]
    assert SuiteBook(store).all()[0].state == FINISHED


def test_a_server_known_to_be_silent_is_not_waited_for(
    store: Store, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    lines: list[str] = []
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with follow_plan(plan, store, uri, lines.append) as tracked:
            tracked.watching(LineDisplay(2, lambda line: None)).started(plan.cells[0], ["fit"])
            for index in range(2):
                finish_cell(store, plan, index)
            silent.settimeout(60)
            request, _ = silent.accept()
            time.sleep(3)
            began = time.monotonic()
        assert time.monotonic() - began < 1
        request.close()
    assert "3 of 3 runs were not delivered" in lines[0]
    assert "(no answer in time)" in lines[0]


def test_trouble_in_the_books_is_told_and_harms_nothing(store: Store, plan: Plan, tmp_path: Path) -> None:
    lines: list[str] = []
    (store.root / "tracking").write_text("in the way")
    assert follow_plan(plan, store, None, lines.append) is UNTRACKED
    assert lines[0].startswith("this run is not tracked: ")
    (store.root / "tracking").unlink()
    with follow_plan(plan, store, None, lines.append) as tracked:
        (store.root / "tracking" / "outbox.db").write_bytes(b"no database" * 100)
        finish_cell(store, plan, 0)
        tracked.watching(LineDisplay(2, lambda line: None)).ended(Outcome(plan.cells[0], "done"))
    assert "tracking/outbox.db' is damaged (file is not a database); move it away" in lines[1], lines


def test_a_run_with_its_server_down_is_complete_and_says_what_to_do(tmp_path: Path, tracker: Tracker) -> None:
    del tracker  # its database is in the store, so that the local delivery below needs to make none
    down = run_suite(tmp_path, "--tracking", "http://127.0.0.1:9", text=SUITE)
    assert down.returncode == 0, down.stderr
    assert "2 of 2 runs were not delivered to http://127.0.0.1:9 (connection refused)" in down.stderr
    scores = json.loads(next((tmp_path / "runs").glob("cells/*/scores.json")).read_text())
    assert set(scores) == {"dcr_ratio"}
    assert [path.suffix for path in sorted((tmp_path / "runs").glob("suites/*/*"))] == [".csv", ".html", ".md", ".tex"]
    tracked = run_suite(tmp_path, text=SUITE, TIMEMAR_TRACKING="local")
    assert tracked.returncode == 0
    assert tracked.stdout == down.stdout
    assert "tracked in sqlite:///" in tracked.stderr
    # Nothing is new, so that no process is started and nothing is printed but where it is.
    log = (tmp_path / "runs" / "tracking" / "deliver.log").stat().st_mtime_ns
    assert "tracked in sqlite:///" in run_suite(tmp_path, text=SUITE, TIMEMAR_TRACKING="local").stderr
    assert (tmp_path / "runs" / "tracking" / "deliver.log").stat().st_mtime_ns == log


def test_a_place_that_is_none_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    done = run_suite(tmp_path, "--tracking", "localhost:5000", text=SUITE)
    assert done.returncode == 2
    assert done.stderr.startswith("error: --tracking 'localhost:5000' is no tracking URI")
    assert not (tmp_path / "runs").exists()


def test_the_cells_of_a_sweep_come_one_by_one(store: Store, plan: Plan, tracker: Tracker) -> None:
    run = SuiteRun("0123456789abcdef", "sweep-study", "sweep-study strict smoke", {"param": {"depth": "3,4"}}, ())
    with follow_sweep(run, {"study": "study"}, store, "local", lambda line: None) as tracked:
        for index in range(2):
            tracked.add([plan.cells[index]], f"depth={index + 3}")
            finish_cell(store, plan, index)
    runs = runs_of(tracker, "sweep-study")
    assert set(runs) == {"sweep-study strict smoke", "sines 24 copy depth=3", "sines 24 gaussian depth=4"}
    assert runs["sweep-study strict smoke"].data.params == {"param.depth": "3,4"}


def test_two_runners_of_one_plan_are_one_suite_run(store: Store, plan: Plan) -> None:
    for index in range(2):
        finish_cell(store, plan, index)
    book = SuiteBook(store)
    with follow_plan(plan, store, "none", print):
        with follow_plan(plan, store, "none", print):
            assert book.is_under_way(book.all()[0])
        assert len(book.all()) == 1
    assert book.all()[0].state == FINISHED
    with follow_plan(plan, store, "none", print):
        assert book.is_under_way(book.all()[0])


def test_the_process_goes_with_its_runner(store: Store, plan: Plan) -> None:
    followed = follow_plan(plan, store, "http://127.0.0.1:9", print)
    assert isinstance(followed, Follower)
    process = followed._start()
    assert process.poll() is None
    assert process.stdin is not None
    # What the system does when a runner is killed.
    process.stdin.close()
    assert process.wait(timeout=30) == 1
    assert process.stdout is not None
    assert process.stdout.read() == ""
