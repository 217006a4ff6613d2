from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from scipy.stats import t

from benchmark.config.suites import SuiteSpec
from benchmark.errors import UserError
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.run.runner import Options
from benchmark.store.records import State
from benchmark.store.store import Store
from benchmark.sweep.objective import Objective, make_objective
from benchmark.sweep.spec import SweepSpec
from benchmark.sweep.trial import plan_trial, run_trial
from tests.benchmark.store.score_records import score_record

SPEC = SweepSpec(generator="copy", dataset="sines", budget="smoke", param={"x": "1"})


def objective(name: str, **changes: object) -> Objective:
    return make_objective(SPEC.model_copy(update={"objective": name, **changes}))


def test_the_default_compares_with_validation_windows_and_computes_no_test_score() -> None:
    chosen = objective("validation")
    assert (chosen.score, chosen.protocol, chosen.is_test) == ("validation:context_fid", "strict", False)
    assert chosen.title == "Context-FID against validation windows"
    plan = plan_trial(replace_seeds(2), chosen, {}, Request())
    assert plan.scores == ("validation:context_fid",)
    assert [(cell.protocol, cell.seed) for cell in plan.cells] == [("strict", 0), ("strict", 1)]


def test_a_trial_with_a_suites_parameters_is_that_suites_cell() -> None:
    spec = SweepSpec(generator="timemar_s", dataset="stocks", budget="smoke", param={"x": "1"})
    suite = SuiteSpec(name="s", budget="smoke", datasets=("stocks",), generators=("timemar_s",))
    suites = make_plan(suite, Request()).cells[0]
    chosen = make_objective(spec.model_copy(update={"objective": "context_fid", "allow_test_objective": True}))
    same, other = (plan_trial(spec, chosen, {"vocab_size": size}, Request()).cells[0] for size in (384, 256))
    assert suites.params["vocab_size"] == 384
    assert same.key == suites.key != other.key


def replace_seeds(seeds: int) -> SweepSpec:
    return SPEC.model_copy(update={"seeds": seeds})


def test_a_reported_score_needs_a_word_and_is_marked() -> None:
    with pytest.raises(UserError, match="spoils it as a test"):
        objective("context_fid")
    chosen = objective("context_fid", allow_test_objective=True)
    assert (chosen.protocol, chosen.is_test, chosen.maximise) == ("paper", True, False)
    assert objective("coverage", allow_test_objective=True).maximise


@pytest.mark.parametrize("name", ["discriminativ", "measurement:", "loss"])
def test_an_objective_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="unknown objective"):
        objective(name)


def test_values_are_means_over_seeds_with_an_interval(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs").create()
    chosen = objective("validation")
    cells = plan_trial(replace_seeds(2), chosen, {}, Request()).cells
    for cell, mean in zip(cells, (0.1, 0.3), strict=True):
        folder = store.cell(cell)
        folder.path.mkdir(parents=True)
        folder.write_score("validation:context_fid", score_record(mean))
        folder.write_score("context_fid", score_record(7.0))
    mean, half_width = chosen.read(cells, store)
    # For two values s / sqrt(2) is half their distance.
    assert (mean, half_width) == pytest.approx((0.2, 0.1 * t.ppf(0.975, 1)))


def test_a_score_without_a_direction_counts_by_its_distance_from_the_ideal(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs").create()
    chosen = objective("dcr_ratio", allow_test_objective=True)
    cell = replace(plan_trial(SPEC, chosen, {}, Request()).cells[0])
    store.cell(cell).path.mkdir(parents=True)
    store.cell(cell).write_score("dcr_ratio", score_record(0.4))
    assert chosen.read([cell], store).mean == pytest.approx(0.6)
    assert chosen.title.endswith("from 1")


def test_measurements_are_numbers_of_the_fit(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs").create()
    chosen = objective("measurement:validation_nll")
    cell = plan_trial(SPEC, chosen, {}, Request()).cells[0]
    model = store.cell(cell).model
    model.mkdir(parents=True)
    record = {
        "parameters": {},
        "fitted": {"shape": [24, 5], "measurements": {"validation_nll": 3.5, "usage": None, "flag": True}},
    }
    (model / "generator.json").write_text(json.dumps(record))
    assert chosen.read([cell], store).mean == 3.5
    with pytest.raises(
        UserError, match="recorded no measurement 'usage'; choose among what it recorded: validation_nll"
    ):
        objective("measurement:usage").read([cell], store)


def test_a_trials_scores_are_means_over_its_training_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "runs").create()
    chosen = objective("context_fid", allow_test_objective=True)
    plan = plan_trial(replace_seeds(2), chosen, {}, Request())
    for cell, mean in zip(plan.cells, (0.1, 0.3), strict=True):
        store.cell(cell).path.mkdir(parents=True)
        store.cell(cell).write_score("context_fid", score_record(mean))
    done = SimpleNamespace(run=lambda plan: [SimpleNamespace(state=State.DONE)] * len(plan.cells))
    monkeypatch.setattr("benchmark.sweep.trial.Runner", lambda *_: done)
    result = run_trial(plan, chosen, store, Options(), [])
    assert result.value == pytest.approx(0.2)
    assert result.measurements["scores"] == {"context_fid": pytest.approx(0.2)}
