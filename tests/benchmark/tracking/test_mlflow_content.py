from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.files import write_json
from benchmark.plan.planner import Plan
from benchmark.store.cell_folder import CellFolder
from benchmark.store.records import StageRecord
from benchmark.store.sealed_record import sealed
from benchmark.store.store import Store
from benchmark.tracking.mlflow_content import cell_content, flatten, suite_content
from benchmark.tracking.suite_runs import FINISHED, INTERRUPTED, SuiteRun, SuiteRuns, open_plan
from tests.benchmark.tracking.conftest import STARTED, skipped


def test_a_cell_with_its_losses_scores_costs_tags_and_files(run: SuiteRun, store: Store) -> None:
    item = cell_content(run, run.cells[0], store)
    assert item is not None
    # 2.5 s of fitting and 1.5 s of sampling, whenever that was: the pause between them is no work.
    end = STARTED + 2500 + 1500
    assert set(item.points) == {
        ("stage1/loss", 2.0, 50, STARTED),
        ("stage1/loss", 1.0, 100, STARTED),
        ("stage1/vq", 0.5, 50, STARTED),
        ("scores/context_fid/repetition", 1.0, 0, end),
        ("scores/context_fid/repetition", 3.0, 1, end),
        ("scores/context_fid/mean", 2.0, 0, end),
        ("scores/context_fid/half_width", 12.7, 0, end),
        ("scores/context_fid/floor", 0.25, 0, end),
        ("time and memory/fit_seconds", 2.5, 0, end),
        ("time and memory/sample_seconds", 1.25, 0, end),
        ("time and memory/peak_memory_mib", 300.0, 0, end),
        ("time and memory/parameters", 7.0, 0, end),
    }
    assert len(item.points) == 12
    assert (item.name, item.status, item.started, item.ended) == (
        "sines 24 copy, smoke, paper",
        "FINISHED",
        STARTED,
        end,
    )
    assert item.params["length"] == "24"
    assert item.params["dataset.id"] == "sines"
    assert item.params["budget.max_windows"] == "256"
    assert item.tags["commit"] == "a" * 40
    assert item.tags["data_sha256"] == run.cells[0].record.fingerprint
    assert set(item.files) == {"cell.json", "scores.json", "provenance.json", "status.json", "log.jsonl"}


def test_the_time_of_sampling_is_a_score_like_others_once_its_stage_is_finished(run: SuiteRun, store: Store) -> None:
    folder = CellFolder(store.root / "cells" / run.cells[0].slug)
    timing = StageRecord(seconds=(1.0, 5.0, 2.0), median_seconds=2.0, windows=256)
    folder.write_provenance(folder.provenance(), "timing", timing)

    def keys() -> set[tuple[str, float]]:
        item = cell_content(run, run.cells[0], store)
        assert item is not None
        return {(point.key, point.value) for point in item.points if "sampling_time" in point.key}

    assert keys() == set()
    folder.finish("timing", "a key", [])
    assert keys() == {("scores/sampling_time/repetition", 2.0), ("scores/sampling_time/mean", 2.0)}


def test_a_cell_under_way_is_not_told_of(run: SuiteRun, store: Store) -> None:
    folder = store.root / "cells" / run.cells[0].slug
    write_json(folder / "status.json", sealed({"state": "running", "reason": "", "stage": "fit"}))
    assert cell_content(run, run.cells[0], store) is None


def test_a_cell_stands_for_the_scores_of_its_own_suite(run: SuiteRun, store: Store, suite_runs: SuiteRuns) -> None:
    other = replace(run, scores=("spectral",))

    def states(one: SuiteRun) -> tuple[str, str]:
        items = [cell_content(one, ref, store) for ref in one.cells]
        return suite_content(one, suite_runs).tags["status"], ", ".join(
            str(item and item.tags["status"]) for item in items
        )

    assert states(run) == ("done", "done, done")
    assert states(other) == ("failed", "None, None"), "nothing was tried of its score"
    killed = {"state": "timeout", "reason": "killed after its limit of 1 s in starting", "stage": "starting"}
    write_json(store.root / "cells" / run.cells[0].slug / "status.json", sealed(killed))
    assert states(run) == ("done", "done, done")
    assert states(other) == ("failed", "timeout, None")


def test_a_failed_cell_and_one_that_cannot_run(run: SuiteRun, store: Store, suite_runs: SuiteRuns) -> None:
    folder = store.root / "cells" / run.cells[0].slug
    write_json(folder / "status.json", sealed({"state": "diverged", "reason": "the loss is nan", "stage": "fit"}))
    item = cell_content(run, run.cells[0], store)
    assert item is not None
    assert (item.status, item.tags["status"], item.tags["reason"]) == ("FAILED", "diverged", "the loss is nan")
    assert suite_content(run, suite_runs).status == "FAILED"
    (store.root / "cells" / run.cells[1].slug / "status.json").unlink()
    item = cell_content(skipped(run, 1, "no data"), skipped(run, 1, "no data").cells[1], store)
    assert item is not None
    assert (item.status, item.tags["status"], item.tags["reason"]) == ("KILLED", "skipped", "no data")


def test_figures_drawn_later_belong_to_their_cell_and_to_the_suite(run: SuiteRun, suite_runs: SuiteRuns) -> None:
    store, slug = suite_runs.store, run.cells[0].slug
    before = (
        cell_content(run, run.cells[0], store),
        cell_content(run, run.cells[1], store),
        suite_content(run, suite_runs),
    )
    folder = store.root / "suites" / "small-paper-smoke" / "plots"
    for path in (folder / "ranks.png", folder / slug / "spectrum.png", store.root / "plots" / slug / "embedding.png"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"png")
    after = (
        cell_content(run, run.cells[0], store),
        cell_content(run, run.cells[1], store),
        suite_content(run, suite_runs),
    )
    assert set(after[0].files) - set(before[0].files) == {"plots/spectrum.png", "plots/embedding.png"}
    assert set(after[2].files) - set(before[2].files) == {"plots/ranks.png"}
    assert [one.digest == other.digest for one, other in zip(before, after, strict=True)] == [False, True, False]


def test_the_parent_has_the_suites_settings_table_and_count(run: SuiteRun, suite_runs: SuiteRuns, plan: Plan) -> None:
    item = suite_content(run, suite_runs)
    assert (item.experiment, item.name, item.status) == (
        "small, sines, smoke, paper",
        "small, sines 24, smoke, paper",
        "FINISHED",
    )
    assert item.tags["suite"] == "small"
    assert item.datasets == {"sines": plan.cells[0].fingerprint}
    assert item.params["generators"] == '["copy", "gaussian"]'
    assert item.tags["cells"] == "2 done"
    assert item.tags["data_sha256.sines"] == plan.cells[0].fingerprint
    assert set(item.files) == {"configuration.json", "table.md"}
    assert item.files["table.md"].read_text() == "| a table |\n"


def test_a_killed_run_is_told_from_one_under_way(suite_runs: SuiteRuns, plan: Plan) -> None:
    run = open_plan(suite_runs, plan, None)
    with suite_runs.store.lock(f"suite-{run.id}", timeout=0):
        assert suite_content(run, suite_runs).status == "RUNNING"
    assert suite_content(run, suite_runs).status == "KILLED"


def test_a_run_that_another_process_goes_on_with_is_under_way(suite_runs: SuiteRuns, plan: Plan) -> None:
    run = open_plan(suite_runs, plan, None)
    with suite_runs.store.lock(f"suite-{run.id}", timeout=0):
        suite_runs.close(run.id, INTERRUPTED)
        assert suite_content(suite_runs.get(run.id), suite_runs).status == "RUNNING"


def test_seconds_that_two_processes_share_count_once(
    suite_runs: SuiteRuns, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = suite_runs.all()[0]
    before = run.seconds

    def at(now: float) -> None:
        monkeypatch.setattr("benchmark.tracking.suite_runs.time.time", lambda: now)

    at(1e10)
    open_plan(suite_runs, plan, None)
    with suite_runs.store.lock(f"suite-{run.id}", timeout=0):
        at(1e10 + 10)
        open_plan(suite_runs, plan, None)
        at(1e10 + 100)
        suite_runs.close(run.id, FINISHED)
    at(1e10 + 101)
    suite_runs.close(run.id, FINISHED)
    assert suite_runs.get(run.id).seconds == pytest.approx(before + 101)


def test_the_same_plan_goes_on_with_the_same_suite_run(suite_runs: SuiteRuns, plan: Plan) -> None:
    first = suite_runs.all()[0]
    again = open_plan(suite_runs, plan, "http://127.0.0.1:5000")
    assert again.id == first.id
    assert again.started == first.started
    assert again.destinations == ("local", "http://127.0.0.1:5000")
    assert suite_runs.all() == [again]


def test_a_damaged_book_hides_nothing_else(suite_runs: SuiteRuns) -> None:
    (suite_runs.path("other")).mkdir()
    (suite_runs.path("other") / "run.json").write_text('{"id": "other"')
    assert len(suite_runs.all()) == 1


def test_settings_as_short_text() -> None:
    values = {"a": {"b": [1, 2], "c": None}, "d": "x" * 501, "e": 0.5, "f": [], "g(h)": True}
    assert flatten(values) == {"a.b": "[1, 2]", "d": "x" * 499 + "…", "e": "0.5", "g_h_": "true"}


def test_no_file_is_a_model_or_a_sample(run: SuiteRun, store: Store) -> None:
    folder: Path = store.root / "cells" / run.cells[0].slug
    (folder / "model").mkdir()
    (folder / "model" / "weights.safetensors").write_bytes(b"0")
    (folder / "samples.npz").write_bytes(b"0")
    item = cell_content(run, run.cells[0], store)
    assert item is not None
    assert not [name for name in item.files if "model" in name or "samples" in name]
