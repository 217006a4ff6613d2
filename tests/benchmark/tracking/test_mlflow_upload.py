from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmark.plan.planner import Plan
from benchmark.store.store import CellFolder, Store, write_json
from benchmark.tracking.destination import DATABASE, Place
from benchmark.tracking.mlflow_upload import Tracker, UnreachableError, deliver, outstanding
from benchmark.tracking.outbox import Delivered, Outbox
from benchmark.tracking.suite_runs import SuiteBook, SuiteRun
from tests.benchmark.tracking.conftest import SCORES, STARTED


def runs_of(tracker: Tracker, experiment: str = "small") -> dict[str, Any]:
    """The runs that a client finds, by name; a name that occurs twice is an error."""
    found = tracker.client.search_experiments(filter_string=f"name = '{experiment}'")
    runs: Sequence[Any] = tracker.client.search_runs([found[0].experiment_id]) if found else []
    names = [run.info.run_name for run in runs]
    assert len(names) == len(set(names)), names
    return dict(zip(names, runs, strict=True))


def points(tracker: Tracker, run: Any, key: str) -> list[tuple[int, float]]:
    return [(metric.step, metric.value) for metric in tracker.client.get_metric_history(run.info.run_id, key)]


def test_what_a_client_reads_back(run: SuiteRun, book: SuiteBook, tracker: Tracker) -> None:
    assert deliver(run, book, tracker).delivered == 3
    runs = runs_of(tracker)
    assert set(runs) == {"small paper smoke", "sines 24 copy", "sines 24 gaussian"}
    parent = runs["small paper smoke"]
    assert parent.info.status == "FINISHED"
    assert parent.data.params["scores"] == '["context_fid"]'
    assert {file.path for file in tracker.client.list_artifacts(parent.info.run_id)} == {
        "configuration.json",
        "table.md",
    }
    table = tracker.client.download_artifacts(parent.info.run_id, "table.md")
    assert Path(table).read_text() == "| a table |\n"
    for name in ("sines 24 copy", "sines 24 gaussian"):
        child = runs[name]
        assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert child.data.tags["commit"] == child.data.tags["mlflow.source.git.commit"] == "a" * 40
        assert child.data.tags["data_sha256"] == run.cells[0].record["fingerprint"]
        assert child.data.params["length"] == "24"
        assert (child.info.status, child.info.start_time, child.info.end_time) == ("FINISHED", STARTED, STARTED + 4000)
        assert points(tracker, child, "train/stage1/loss") == [(50, 2.0), (100, 1.0)]
        assert points(tracker, child, "scores/context_fid/repetition") == [(0, 1.0), (1, 3.0)]
        assert child.data.metrics["scores/context_fid/mean"] == 2.0
        files = {file.path for file in tracker.client.list_artifacts(child.info.run_id)}
        assert files == {"cell.json", "scores.json", "provenance.json", "status.json", "log.jsonl"}


def test_a_second_delivery_has_nothing_to_do(run: SuiteRun, book: SuiteBook, tracker: Tracker) -> None:
    deliver(run, book, tracker)
    assert outstanding(run, book, tracker.place) == []
    assert deliver(run, book, tracker).delivered == 0
    assert len(runs_of(tracker)) == 3


@pytest.mark.parametrize("call", range(6))
def test_a_crash_before_any_entry_repeats_nothing(
    run: SuiteRun, book: SuiteBook, tracker: Tracker, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """The outbox is written twice an item: before its content and after it; the tracker is ahead of it each time."""
    calls = 0
    enter = Outbox.enter

    def die(outbox: Outbox, place: str, item: str, delivered: Delivered) -> None:
        nonlocal calls
        calls += 1
        if calls == call + 1:
            raise KeyboardInterrupt
        enter(outbox, place, item, delivered)

    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "enter", die)
        with pytest.raises(KeyboardInterrupt):
            deliver(run, book, tracker)
    assert outstanding(run, book, tracker.place)
    again = Tracker(tracker.place, book.store)
    deliver(run, book, again)
    runs = runs_of(again)
    assert set(runs) == {"small paper smoke", "sines 24 copy", "sines 24 gaussian"}
    for name in ("sines 24 copy", "sines 24 gaussian"):
        assert points(again, runs[name], "train/stage1/loss") == [(50, 2.0), (100, 1.0)]
        assert points(again, runs[name], "scores/context_fid/repetition") == [(0, 1.0), (1, 3.0)]
        assert runs[name].data.tags["mlflow.parentRunId"] == runs["small paper smoke"].info.run_id


def test_what_came_later_is_added_to_the_same_run(run: SuiteRun, book: SuiteBook, tracker: Tracker) -> None:
    deliver(run, book, tracker)
    before = runs_of(tracker)["sines 24 copy"]
    folder = book.store.root / "cells" / run.cells[0].slug
    more = {**SCORES["context_fid"], "repetitions": [4.0], "mean": 4.0, "half_width": None}
    CellFolder(folder).write_score("spectral", more)
    assert deliver(run, book, tracker).delivered == 1
    after = runs_of(tracker)["sines 24 copy"]
    assert after.info.run_id == before.info.run_id
    assert points(tracker, after, "scores/spectral/repetition") == [(0, 4.0)]
    assert points(tracker, after, "scores/context_fid/repetition") == [(0, 1.0), (1, 3.0)]


def test_a_failed_cell_that_is_done_later_is_the_same_run(run: SuiteRun, book: SuiteBook, tracker: Tracker) -> None:
    folder = book.store.root / "cells" / run.cells[0].slug
    write_json(folder / "status.json", {"state": "timeout", "reason": "killed after its limit", "stage": "fit"})
    deliver(run, book, tracker)
    failed = runs_of(tracker)
    assert failed["sines 24 copy"].info.status == failed["small paper smoke"].info.status == "FAILED"
    assert failed["sines 24 copy"].data.tags["reason"] == "killed after its limit"
    assert failed["small paper smoke"].data.tags["cells"] == "1 done, 1 timeout"
    write_json(folder / "status.json", {"state": "done", "reason": "", "stage": ""})
    deliver(run, book, tracker)
    done = runs_of(tracker)
    assert done["sines 24 copy"].info.run_id == failed["sines 24 copy"].info.run_id
    assert done["sines 24 copy"].info.status == done["small paper smoke"].info.status == "FINISHED"
    assert done["sines 24 copy"].data.tags.get("reason", "") == ""
    assert done["small paper smoke"].data.tags["cells"] == "2 done"


def test_a_changed_score_replaces_the_run(run: SuiteRun, book: SuiteBook, tracker: Tracker) -> None:
    deliver(run, book, tracker)
    before = runs_of(tracker)["sines 24 copy"]
    folder = book.store.root / "cells" / run.cells[0].slug
    CellFolder(folder).write_score("context_fid", {**SCORES["context_fid"], "repetitions": [1.0, 5.0], "mean": 3.0})
    deliver(run, book, tracker)
    after = runs_of(tracker)["sines 24 copy"]
    assert after.info.run_id != before.info.run_id
    assert points(tracker, after, "scores/context_fid/repetition") == [(0, 1.0), (1, 5.0)]
    assert tracker.client.get_run(before.info.run_id).info.lifecycle_stage == "deleted"


def test_only_the_named_cells_are_delivered(run: SuiteRun, book: SuiteBook, tracker: Tracker) -> None:
    deliver(run, book, tracker, {run.cells[1].key})
    assert set(runs_of(tracker)) == {"small paper smoke", "sines 24 gaussian"}


def test_two_stores_may_share_a_tracker(
    run: SuiteRun, book: SuiteBook, tracker: Tracker, tmp_path: Path, plan: Plan
) -> None:
    shutil.copytree(book.store.root, tmp_path / "other", ignore=shutil.ignore_patterns("outbox.db", "mlflow*"))
    deliver(run, book, tracker)
    other = Store(tmp_path / "other")
    assert deliver(run, SuiteBook(other), Tracker(tracker.place, other)).delivered == 3
    found = tracker.client.search_runs([tracker.client.get_experiment_by_name("small").experiment_id])  # type: ignore[union-attr]
    assert len(found) == 6


def test_a_refused_item_keeps_no_other_from_theirs(
    run: SuiteRun, book: SuiteBook, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_artifact = tracker.client.log_artifact

    def refuse(run_id: str, path: str, folder: str | None) -> None:
        if run.cells[0].slug in path:
            raise ValueError("too large")
        log_artifact(run_id, path, folder)

    with monkeypatch.context() as patch:
        patch.setattr(tracker.client, "log_artifact", refuse)
        result = deliver(run, book, tracker)
    assert (result.delivered, result.failed) == (2, {f"{run.id}/{run.cells[0].key}": "too large"})
    assert deliver(run, book, tracker).delivered == 1
    assert len(runs_of(tracker)) == 3


def test_a_database_that_is_gone_is_made_and_filled_again(run: SuiteRun, book: SuiteBook, tracker: Tracker) -> None:
    deliver(run, book, tracker)
    (book.store.root / DATABASE).unlink()
    again = Tracker(tracker.place, book.store)
    assert deliver(run, book, again).delivered == 3
    assert len(runs_of(again)) == 3
    assert not list(book.store.root.glob(".*.part"))


def test_more_points_than_a_batch_takes(run: SuiteRun, book: SuiteBook, tracker: Tracker) -> None:
    log = book.store.root / "cells" / run.cells[0].slug / "log.jsonl"
    log.write_text("".join(f'{{"stage": "fit", "step": {step}, "loss": {step}.5}}\n' for step in range(1, 2502)))
    deliver(run, book, tracker)
    found = runs_of(tracker)["sines 24 copy"]
    assert points(tracker, found, "train/fit/loss") == [(step, step + 0.5) for step in range(1, 2502)]


def test_a_closed_port_is_unreachable_in_a_few_words(run: SuiteRun, book: SuiteBook) -> None:
    place = Place("http://127.0.0.1:9", "http://127.0.0.1:9")
    with pytest.raises(UnreachableError, match=r"^connection refused$"):
        deliver(run, book, Tracker(place, book.store))
    assert len(outstanding(run, book, place)) == 3
