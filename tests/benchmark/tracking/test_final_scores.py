from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.files import write_json
from benchmark.plan.planner import Plan, make_plan
from benchmark.plan.request import Request
from benchmark.store.cell_folder import CellFolder
from benchmark.store.sealed_record import sealed
from benchmark.tracking.final_scores import LONGEST_DESCRIPTION, RowScores, description, final_scores, score_table
from benchmark.tracking.mlflow_content import NOTE, cell_content, suite_content
from benchmark.tracking.suite_runs import SuiteRun, SuiteRuns, from_plan, open_plan, refer
from tests.benchmark.store.score_records import score_record
from tests.benchmark.tracking.conftest import STARTED, finish_cell

FID = "context_fid"


def row(name: str, *, is_final: bool = True, **scores: float) -> RowScores:
    return RowScores(name, {key: score_record(value) for key, value in scores.items()}, is_final)


def test_a_row_has_the_mean_over_its_training_seeds_and_draws() -> None:
    second_draw = RowScores("a", {FID: score_record(1.0), f"{FID}@1": score_record(4.0)}, is_final=True)
    found = final_scores([second_draw, row("a", context_fid=7.0), row("b", context_fid=2.0, spectral=0.5)])
    assert found == {"context_fid/a": 4.0, "context_fid/b": 2.0, "spectral/b": 0.5}


def test_a_row_waits_for_a_seed_under_way_and_not_for_one_that_failed() -> None:
    under_way = [row("a", context_fid=3.0), row("a", is_final=False)]
    assert final_scores(under_way) == {}
    assert final_scores([row("a", context_fid=3.0), row("a")]) == {"context_fid/a": 3.0}
    # Computed again, it keeps what it had.
    assert final_scores([row("a", context_fid=3.0), row("a", is_final=False, context_fid=5.0)]) == {
        "context_fid/a": 4.0
    }


def test_scores_of_validation_windows_are_metrics_of_their_own() -> None:
    both = RowScores("a", {FID: score_record(1.0), f"validation:{FID}": score_record(2.0)}, is_final=True)
    assert final_scores([both]) == {"context_fid/a": 1.0, "validation:context_fid/a": 2.0}


def test_the_parent_has_one_metric_a_row_and_score_and_the_table_as_its_description(
    run: SuiteRun, suite_runs: SuiteRuns
) -> None:
    store = suite_runs.store
    CellFolder(store.root / "cells" / run.cells[1].slug).write_score("spectral", score_record(0.5))
    content = suite_content(run, suite_runs)
    end = STARTED + 4000
    assert content.points == (
        ("context_fid/sines 24 copy", 2.0, 0, end),
        ("context_fid/sines 24 gaussian", 2.0, 0, end),
        ("spectral/sines 24 gaussian", 0.5, 0, end),
    )
    assert content.tags[NOTE] == "| a table |"


def test_a_cell_describes_its_scores_and_what_went_wrong(run: SuiteRun, suite_runs: SuiteRuns) -> None:
    store = suite_runs.store
    folder = store.root / "cells" / run.cells[0].slug
    write_json(
        folder / "status.json", sealed({"state": "failed", "reason": "the loss is nan", "stage": "score:spectral"})
    )
    both = replace(run, scores=("context_fid", "spectral"))
    content = cell_content(both, run.cells[0], store)
    assert content is not None
    assert content.tags[NOTE].splitlines() == [
        "| score | mean | ± | floor | repetitions |",
        "|---|---|---|---|---|",
        "| context_fid | 2 | 12.7 | 0.25 | 2 |",
        "",
        "the loss is nan",
    ]
    assert score_table({}) == ""


def test_names_hold_what_was_changed_in_signs_that_mlflow_takes(suite_runs: SuiteRuns, plan: Plan) -> None:
    suite = plan.suite.model_copy(update={"generators": ("jitter",), "seeds": 2})
    changed = make_plan(suite, Request(assignments=("jitter.noise=0.5",)))
    for index in range(2):
        finish_cell(suite_runs.store, changed, index)
    run = open_plan(suite_runs, changed, None)
    assert run.name == "small, sines 24, smoke, paper, jitter.noise=0.5"
    assert [point.key for point in suite_content(run, suite_runs).points] == ["context_fid/sines 24 jitter noise 0.5"]


def test_many_data_sets_are_counted(plan: Plan) -> None:
    cell = plan.cells[0]
    named = [replace(cell, dataset=cell.dataset.model_copy(update={"id": f"d{i}"})) for i in range(5)]
    suite = plan.suite.model_copy(update={"datasets": tuple(f"folder/d{i}.yaml" for i in range(5))})
    many = from_plan(replace(plan, suite=suite, cells=tuple(named)))
    assert (many.experiment, many.name) == ("small, 5 data sets, smoke, paper", "small, 5 data sets 24, smoke, paper")
    few = from_plan(replace(plan, suite=suite, cells=tuple(named[1:3])))
    assert few.name == "small, d1 + d2 24, smoke, paper"
    assert few.experiment == many.experiment


def test_a_suite_run_that_goes_on_keeps_the_experiment_that_a_tracker_has(suite_runs: SuiteRuns, plan: Plan) -> None:
    known = suite_runs.all()[0]
    suite_runs._write(replace(known, experiment="small"))
    again = open_plan(suite_runs, plan, None)
    assert (again.experiment, again.name, again.suite) == ("small", "small, sines 24, smoke, paper", "small")


def test_the_row_of_a_cell_is_its_name_without_the_training_seed(plan: Plan) -> None:
    ref = refer(replace(plan.cells[0], seed=3), "trial 5")
    assert (ref.name, ref.row) == ("sines 24 copy seed 3 trial 5", "sines 24 copy trial 5")


@pytest.mark.parametrize("count", [10, 5000])
def test_a_long_description_ends_with_a_whole_line(count: int) -> None:
    lines = [f"| row {i:05d} |" for i in range(count)]
    found = description(["\n".join(lines), ""])
    kept = [line for line in found.splitlines() if line.startswith("|")]
    assert kept == lines[: len(kept)]
    assert (len(kept) == count) == (count == 10)
    assert len(found) <= LONGEST_DESCRIPTION + 100
    assert ("artefacts" in found) == (count == 5000)
