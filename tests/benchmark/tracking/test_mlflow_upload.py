from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmark.files import write_json
from benchmark.plan.planner import Plan
from benchmark.store.cell_folder import CellFolder
from benchmark.store.sealed_record import sealed
from benchmark.store.store import Store
from benchmark.tracking.destination import DATABASE, Destination
from benchmark.tracking.mlflow_content import run_contents
from benchmark.tracking.mlflow_upload import DIGEST_TAG, Result, UnreachableError, Uploader
from benchmark.tracking.suite_runs import SuiteRun, SuiteRuns
from tests.benchmark.store.score_records import score_record
from tests.benchmark.tracking.conftest import STARTED, forget_connections

NAMES = {"small, sines 24, smoke, paper", "sines 24 copy, smoke, paper", "sines 24 gaussian, smoke, paper"}


def upload(run: SuiteRun, suite_runs: SuiteRuns, uploader: Uploader) -> Result:
    return uploader.upload(run_contents(run, suite_runs).all)


def runs_of(uploader: Uploader, experiment: str = "small, sines, smoke, paper") -> dict[str, Any]:
    """The runs that a client finds, by name; a name that occurs twice is an error."""
    found = uploader.client.search_experiments(filter_string=f"name = '{experiment}'")
    runs: Sequence[Any] = uploader.client.search_runs([found[0].experiment_id]) if found else []
    names = [run.info.run_name for run in runs]
    assert len(names) == len(set(names)), names
    return dict(zip(names, runs, strict=True))


def points(uploader: Uploader, run: Any, key: str) -> list[tuple[int, float]]:
    return [(metric.step, metric.value) for metric in uploader.client.get_metric_history(run.info.run_id, key)]


def assert_whole(uploader: Uploader) -> None:
    """Every run is there once with every point once."""
    runs = runs_of(uploader)
    assert set(runs) == NAMES
    for name in ("sines 24 copy, smoke, paper", "sines 24 gaussian, smoke, paper"):
        assert points(uploader, runs[name], "stage1/loss") == [(50, 2.0), (100, 1.0)]
        assert points(uploader, runs[name], "scores/context_fid/repetition") == [(0, 1.0), (1, 3.0)]
        assert runs[name].data.tags["mlflow.parentRunId"] == runs["small, sines 24, smoke, paper"].info.run_id


def test_what_a_client_reads_back(run: SuiteRun, suite_runs: SuiteRuns, uploader: Uploader) -> None:
    assert upload(run, suite_runs, uploader).uploaded == 3
    assert_whole(uploader)
    runs = runs_of(uploader)
    parent = runs["small, sines 24, smoke, paper"]
    assert parent.info.status == "FINISHED"
    assert parent.data.params["scores"] == '["context_fid"]'
    assert parent.data.metrics == {"context_fid/sines 24 copy": 2.0, "context_fid/sines 24 gaussian": 2.0}
    assert parent.data.tags["mlflow.note.content"] == "| a table |"
    assert [data.dataset.name for data in parent.inputs.dataset_inputs] == ["sines"]
    experiment = uploader.client.get_experiment(parent.info.experiment_id)
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    assert {file.path for file in uploader.client.list_artifacts(parent.info.run_id)} == {
        "configuration.json",
        "table.md",
    }
    table = uploader.client.download_artifacts(parent.info.run_id, "table.md")
    assert Path(table).read_text() == "| a table |\n"
    for name in ("sines 24 copy, smoke, paper", "sines 24 gaussian, smoke, paper"):
        child = runs[name]
        assert child.data.tags["commit"] == child.data.tags["mlflow.source.git.commit"] == "a" * 40
        assert child.data.tags["data_sha256"] == run.cells[0].record.fingerprint
        assert child.data.params["length"] == "24"
        assert (child.info.status, child.info.start_time, child.info.end_time) == ("FINISHED", STARTED, STARTED + 4000)
        assert child.data.metrics["scores/context_fid/mean"] == 2.0
        files = {file.path for file in uploader.client.list_artifacts(child.info.run_id)}
        assert files == {"cell.json", "scores.json", "provenance.json", "status.json", "log.jsonl"}


def test_a_second_upload_has_nothing_to_do(run: SuiteRun, suite_runs: SuiteRuns, uploader: Uploader) -> None:
    upload(run, suite_runs, uploader)
    assert upload(run, suite_runs, Uploader(uploader.destination, suite_runs.store)).uploaded == 0
    assert_whole(uploader)


@pytest.mark.parametrize("call", [0, 1, 3, 5, 6, 9, 12, 17])
def test_a_crash_at_any_request_repeats_nothing(
    run: SuiteRun, suite_runs: SuiteRuns, uploader: Uploader, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """The process dies after the request of that number, of about 26, has been answered."""
    calls = 0

    def dying(method: Any) -> Any:
        def request(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            answer = method(*arguments, **options)
            calls += 1
            if calls == call + 1:
                raise KeyboardInterrupt
            return answer

        return request

    with monkeypatch.context() as patch:
        for name in ("create_run", "log_batch", "log_artifact", "set_terminated", "set_tag"):
            patch.setattr(uploader.client, name, dying(getattr(uploader.client, name)))
        with pytest.raises(KeyboardInterrupt):
            upload(run, suite_runs, uploader)
    again = Uploader(uploader.destination, suite_runs.store)
    upload(run, suite_runs, again)
    assert_whole(again)


def test_what_came_later_is_added_to_the_same_run(run: SuiteRun, suite_runs: SuiteRuns, uploader: Uploader) -> None:
    upload(run, suite_runs, uploader)
    before = runs_of(uploader)["sines 24 copy, smoke, paper"]
    CellFolder(suite_runs.store.root / "cells" / run.cells[0].slug).write_score("spectral", score_record(4.0))
    assert upload(run, suite_runs, uploader).uploaded == 2  # the cell, and the parent, which shows its score
    after = runs_of(uploader)["sines 24 copy, smoke, paper"]
    assert after.info.run_id == before.info.run_id
    assert points(uploader, after, "scores/spectral/repetition") == [(0, 4.0)]
    assert points(uploader, after, "scores/context_fid/repetition") == [(0, 1.0), (1, 3.0)]


def test_a_failed_cell_that_is_done_later_is_the_same_run(
    run: SuiteRun, suite_runs: SuiteRuns, uploader: Uploader
) -> None:
    folder = suite_runs.store.root / "cells" / run.cells[0].slug
    write_json(folder / "status.json", sealed({"state": "timeout", "reason": "killed after its limit", "stage": "fit"}))
    upload(run, suite_runs, uploader)
    failed = runs_of(uploader)
    assert (
        failed["sines 24 copy, smoke, paper"].info.status
        == failed["small, sines 24, smoke, paper"].info.status
        == "FAILED"
    )
    assert failed["sines 24 copy, smoke, paper"].data.tags["reason"] == "killed after its limit"
    assert failed["small, sines 24, smoke, paper"].data.tags["cells"] == "1 done, 1 timeout"
    write_json(folder / "status.json", sealed({"state": "done", "reason": "", "stage": ""}))
    upload(run, suite_runs, uploader)
    done = runs_of(uploader)
    assert done["sines 24 copy, smoke, paper"].info.run_id == failed["sines 24 copy, smoke, paper"].info.run_id
    assert (
        done["sines 24 copy, smoke, paper"].info.status
        == done["small, sines 24, smoke, paper"].info.status
        == "FINISHED"
    )
    assert done["sines 24 copy, smoke, paper"].data.tags.get("reason", "") == ""
    assert done["small, sines 24, smoke, paper"].data.tags["cells"] == "2 done"


def test_a_changed_score_replaces_the_run(run: SuiteRun, suite_runs: SuiteRuns, uploader: Uploader) -> None:
    upload(run, suite_runs, uploader)
    before = runs_of(uploader)["sines 24 copy, smoke, paper"]
    folder = suite_runs.store.root / "cells" / run.cells[0].slug
    CellFolder(folder).write_score("context_fid", score_record(3.0, 1.0, 5.0, half_width=12.7))
    upload(run, suite_runs, uploader)
    after = runs_of(uploader)["sines 24 copy, smoke, paper"]
    assert after.info.run_id != before.info.run_id
    assert points(uploader, after, "scores/context_fid/repetition") == [(0, 1.0), (1, 5.0)]
    assert uploader.client.get_run(before.info.run_id).info.lifecycle_stage == "deleted"
    # The parent shows the score too and was replaced, so that all its cells lie under the new one.
    parent = runs_of(uploader)["small, sines 24, smoke, paper"]
    assert parent.data.metrics["context_fid/sines 24 copy"] == 3.0
    for name in NAMES - {"small, sines 24, smoke, paper"}:
        assert runs_of(uploader)[name].data.tags["mlflow.parentRunId"] == parent.info.run_id


def test_a_metric_of_an_earlier_program_goes_with_its_run(
    run: SuiteRun, suite_runs: SuiteRuns, uploader: Uploader
) -> None:
    upload(run, suite_runs, uploader)
    old = runs_of(uploader)["sines 24 copy, smoke, paper"].info.run_id
    uploader.client.log_metric(old, "train/stage1/loss", 2.0)
    uploader.client.set_tag(old, DIGEST_TAG, "of another program")
    assert upload(run, suite_runs, uploader).uploaded == 1
    assert "train/stage1/loss" not in runs_of(uploader)["sines 24 copy, smoke, paper"].data.metrics
    assert_whole(uploader)


def test_a_run_deleted_in_the_tracker_is_uploaded_again(
    run: SuiteRun, suite_runs: SuiteRuns, uploader: Uploader
) -> None:
    upload(run, suite_runs, uploader)
    uploader.client.delete_run(runs_of(uploader)["sines 24 copy, smoke, paper"].info.run_id)
    assert upload(run, suite_runs, uploader).uploaded == 1
    assert_whole(uploader)


def test_two_stores_may_share_a_tracker(
    run: SuiteRun, suite_runs: SuiteRuns, uploader: Uploader, tmp_path: Path, plan: Plan
) -> None:
    other = Store(tmp_path / "other").create()
    shutil.copytree(suite_runs.store.root / "cells", other.root / "cells", dirs_exist_ok=True)
    shutil.copytree(suite_runs.root, other.root / "tracking" / "runs")
    upload(run, suite_runs, uploader)
    assert upload(run, SuiteRuns(other), Uploader(uploader.destination, other)).uploaded == 3
    found = uploader.client.search_runs(
        [uploader.client.get_experiment_by_name("small, sines, smoke, paper").experiment_id]
    )  # type: ignore[union-attr]
    assert len(found) == 6


def test_refused_content_keeps_no_other_back(
    run: SuiteRun, suite_runs: SuiteRuns, uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_artifact = uploader.client.log_artifact

    def refuse(run_id: str, path: str, folder: str | None) -> None:
        if run.cells[0].slug in path:
            raise ValueError("too large")
        log_artifact(run_id, path, folder)

    with monkeypatch.context() as patch:
        patch.setattr(uploader.client, "log_artifact", refuse)
        result = upload(run, suite_runs, uploader)
    assert (result.uploaded, result.failed) == (2, {f"{run.id}/{run.cells[0].key}": "too large"})
    assert upload(run, suite_runs, uploader).uploaded == 1
    assert_whole(uploader)


def test_a_deleted_experiment_is_named_and_keeps_no_other_back(
    run: SuiteRun, suite_runs: SuiteRuns, uploader: Uploader
) -> None:
    upload(run, suite_runs, uploader)
    number = uploader.client.get_experiment_by_name("small, sines, smoke, paper").experiment_id
    uploader.client.delete_experiment(number)
    uploader.experiments.clear()
    result = upload(run, suite_runs, uploader)
    assert (result.uploaded, len(result.failed)) == (0, 3)
    (reason,) = set(result.failed.values())
    assert reason.endswith(f"was deleted; restore it with `mlflow experiments restore --experiment-id {number}`")


def test_a_file_that_changes_during_the_upload_is_uploaded_again(
    run: SuiteRun, suite_runs: SuiteRuns, uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = suite_runs.store.root / "cells" / run.cells[0].slug / "log.jsonl"
    log_artifact = uploader.client.log_artifact

    def log_and_write(run_id: str, path: str, folder: str | None) -> None:
        log_artifact(run_id, path, folder)
        if path == str(status):
            status.write_text(status.read_text() + "\n")

    with monkeypatch.context() as patch:
        patch.setattr(uploader.client, "log_artifact", log_and_write)
        assert upload(run, suite_runs, uploader).uploaded == 3
    assert upload(run, suite_runs, uploader).uploaded == 1
    assert upload(run, suite_runs, uploader).uploaded == 0


def test_a_lost_database_is_created_and_filled_again(run: SuiteRun, suite_runs: SuiteRuns, uploader: Uploader) -> None:
    upload(run, suite_runs, uploader)
    (suite_runs.store.root / DATABASE).unlink()
    forget_connections()
    again = Uploader(uploader.destination, suite_runs.store)
    assert upload(run, suite_runs, again).uploaded == 3
    assert_whole(again)
    assert not list(suite_runs.store.root.glob(".*.part"))


def test_more_points_than_a_batch_takes(run: SuiteRun, suite_runs: SuiteRuns, uploader: Uploader) -> None:
    log = suite_runs.store.root / "cells" / run.cells[0].slug / "log.jsonl"
    log.write_text("".join(f'{{"stage": "fit", "step": {step}, "loss": {step}.5}}\n' for step in range(1, 2502)))
    upload(run, suite_runs, uploader)
    found = runs_of(uploader)["sines 24 copy, smoke, paper"]
    assert points(uploader, found, "fit/loss") == [(step, step + 0.5) for step in range(1, 2502)]


def test_a_closed_port_is_unreachable_in_a_few_words(run: SuiteRun, suite_runs: SuiteRuns) -> None:
    destination = Destination("http://127.0.0.1:9", "http://127.0.0.1:9")
    with pytest.raises(UnreachableError, match=r"^connection refused$"):
        upload(run, suite_runs, Uploader(destination, suite_runs.store))
