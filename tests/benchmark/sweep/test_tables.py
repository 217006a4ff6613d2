"""The pruning observer and the tables, on written logs and hand-made trials."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest

from benchmark.errors import UserError
from benchmark.plan.request import Request
from benchmark.plots.origin import Origin
from benchmark.report.render import comma_separated
from benchmark.report.text_table import TextTable
from benchmark.run.events import Event, Kind
from benchmark.run.runner import Options
from benchmark.store.store import Store
from benchmark.sweep import loop, tables
from benchmark.sweep.figures import _importances, write_figures
from benchmark.sweep.objective import make_objective
from benchmark.sweep.spec import SweepSpec
from benchmark.sweep.study import TrialResult, quiet
from benchmark.sweep.trial import Pruned, PruningObserver, plan_trial
from benchmark.tracking.observer import UNTRACKED

SPEC = SweepSpec(
    generator="timemar_s",
    dataset="stocks",
    budget="smoke",
    objective="context_fid",
    allow_test_objective=True,
    param={"patch_nums": "1-2-3-6,1-2-3-4-5-6", "vocab_size": "256,384,512"},
)


def printed(table: TextTable) -> list[str]:
    return comma_separated(table).splitlines()


def bold(table: TextTable) -> list[str]:
    return [text.text for line in table.lines for text in line.texts if text.mark == "bold"]


@pytest.mark.usefixtures("data_files_are_here")
def test_tables_of_a_grid_stand_beside_table_8(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs").create()
    with quiet():
        sweep = loop.check(SPEC, Request(), print, download=False)
        study = loop.enqueue(sweep, store)

        def evaluate(trial: object, params: dict) -> TrialResult:
            if params["vocab_size"] == 512:
                return TrialResult(None, {}, "diverged: bent")
            value = params["vocab_size"] / 1000 + len(params["patch_nums"])
            return TrialResult(value, {"scores": {"context_fid": value, "spectral": 2 * value}})

        loop.work(study, sweep.space, evaluate, lambda line: None)
        records = tables.trial_records(sweep, study)
        files = write_figures(sweep, study, records, tmp_path, Origin(("smoke",)))
    (fid, spectral) = tables.sensitivity_tables(sweep, records)
    assert fid.title == "Context-FID (test score) by patch_nums and vocab_size"
    assert printed(fid)[1] == "1-2-3-6,4.256 (published 0.001),4.384 (published 0.001),failed (published 0.001)"
    assert bold(fid) == ["4.256"]
    assert printed(spectral)[2] == "1-2-3-4-5-6,12.51,12.77,failed"
    assert bold(spectral) == []
    setting = "Stocks, length 24, budget smoke, protocol paper, 1 training seed a trial."
    assert fid.caption == f"{setting} Published: Table 8 of the paper, protocol paper."
    assert spectral.caption == setting
    trials = tables.trials_table(sweep, records)
    assert [line.texts[3].text for line in trials.lines] == ["4.256", "4.384", "6.256", "6.384", "", ""]
    assert bold(trials) == ["4.256"]
    assert trials.lines[-1].texts[-1].text == "failed: diverged: bent"
    record = tables.summary(sweep, records, {}, sweep.storage(store), files)
    assert record["best"]["settings"] == {"patch_nums": [1, 2, 3, 6], "vocab_size": 256}
    assert record["test_objective"] is True
    assert json.loads(json.dumps(record)) == record
    assert record["storage"].startswith("sqlite:///")
    assert {path.stem for path in files} == {"contours", "importance", "slices"}


def test_the_observer_reports_the_first_value_at_each_twentieth_of_one_stage(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs").create()
    cell = plan_trial(SPEC, make_objective(SPEC), {}, Request()).cells[0]
    folder = store.cell(cell).path
    folder.mkdir(parents=True)
    seen: list[tuple[int, float]] = []

    def report(value: float, step: int) -> bool:
        seen.append((step, value))
        return value > 8

    def log(*entries: dict) -> None:
        with (folder / "log.jsonl").open("a") as file:
            file.writelines(json.dumps(entry) + "\n" for entry in entries)

    observer = PruningObserver([cell], print, store, ("loss",), report)
    observer.progressed(cell, Event(Kind.PROGRESS, "stage1", 0, 40))
    log(*({"stage": "stage1", "step": step, "loss": 5.0 - step} for step in (1, 2, 3, 4)))
    observer.progressed(cell, Event(Kind.PROGRESS, "stage1", 4, 40))
    observer.progressed(cell, Event(Kind.PROGRESS, "stage1", 4, 40))
    assert seen == [(1, 3.0), (2, 1.0)]
    # Another stage has a loss of another kind; the end of a stage is too late to give up.
    log({"stage": "stage2", "step": 30, "loss": 9.0}, {"stage": "stage1", "step": 40, "loss": 9.0})
    observer.progressed(cell, Event(Kind.PROGRESS, "stage2", 30, 40))
    assert len(seen) == 2
    log({"stage": "stage1", "step": 10, "loss": 9.0})
    with pytest.raises(Pruned, match=r"loss 9 at 25 % of stage1"):
        observer.progressed(cell, Event(Kind.PROGRESS, "stage1", 10, 40))


@pytest.mark.usefixtures("data_files_are_here")
def test_a_finished_sweep_starts_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs").create()
    lines: list[str] = []
    with quiet():
        sweep = loop.check(SPEC.model_copy(update={"trials": 1}), Request(), print, download=False)
        study = loop.enqueue(sweep, store)
        trial = study.ask()
        assert trial is not None
        study.tell(trial, TrialResult(1.0, {}))
        loop.run(sweep, study, store, Options(), Request(), lines.append, UNTRACKED)
    assert lines == []


@pytest.mark.usefixtures("data_files_are_here")
def test_a_mean_over_further_parameters_has_no_published_value(tmp_path: Path) -> None:
    further = SPEC.model_copy(update={"name": "further", "param": {**SPEC.param, "dropout": "0.1,0.2"}})
    with quiet():
        sweep = loop.check(further, Request(), print, download=False)
    params = {dimension.name: dimension.labels[0] for dimension in sweep.space.dimensions}
    made = tables.sensitivity_tables(sweep, [{"state": "done", "params": params, "scores": {}, "value": 1.0}])[0]
    assert "1" in printed(made)[1]
    assert "published" not in "".join(printed(made))


def test_importance_is_a_share_of_the_whole_variance() -> None:
    study = optuna.create_study(sampler=optuna.samplers.GridSampler({"a": [0, 1], "b": [0, 1]}, seed=0))
    with quiet():
        for a, b in itertools.product((0, 1), repeat=2):
            for _ in range(5):
                study.enqueue_trial({"a": a, "b": b})
        study.optimize(lambda trial: float(trial.suggest_int("a", 0, 1) != trial.suggest_int("b", 0, 1)), n_trials=20)
        sweep: Any = SimpleNamespace(spec=SimpleNamespace(name="xor"))
        shared: Any = SimpleNamespace(optuna=study)
        shares = _importances(sweep, shared)
    # Neither parameter explains anything by itself; normalised shares would sum to 1.
    assert sum(shares.values()) < 0.7


def test_the_same_parameters_in_another_order_are_another_study(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs").create()
    with quiet():
        grid = SPEC.model_copy(update={"dataset": "sines"})
        loop.enqueue(loop.check(grid, Request(), print, download=False), store)
        turned = grid.model_copy(update={"param": dict(reversed(grid.param.items()))})
        with pytest.raises(UserError, match=r"begun with parameters patch_nums=.*; vocab_size=.*, not vocab_size"):
            loop.enqueue(loop.check(turned, Request(), print, download=False), store)


@pytest.mark.usefixtures("data_files_are_here")
def test_where_more_is_better_the_greatest_is_the_best() -> None:
    with quiet():
        sweep = loop.check(SPEC.model_copy(update={"objective": "coverage"}), Request(), print, download=False)
    shared = {"state": "done", "scores": {}, "half_width": None, "parameters": None, "fit_seconds": None, "reason": ""}
    trials = [
        {**shared, "trial": index, "params": {"patch_nums": "1-2-3-6", "vocab_size": size}, "value": value}
        for index, (size, value) in enumerate([(256, 0.2), (384, 0.9), (512, 0.5)])
    ]
    best = tables.best_trial(sweep, trials)
    assert best is not None
    assert best["trial"] == 1
    assert bold(tables.trials_table(sweep, trials)) == ["0.9"]
    assert bold(tables.sensitivity_tables(sweep, trials)[0]) == ["0.9"]


@pytest.mark.usefixtures("data_files_are_here")
@pytest.mark.parametrize("objective", ["coverage", "context_fid"])
def test_a_lower_loss_is_better_whatever_the_direction_of_the_objective(
    objective: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "runs").create()
    losses = iter([3.0, 2.0, 3.0, 1.0, 9.0])

    def trained(*arguments: Any) -> TrialResult:
        pruned = arguments[-1][0].report(next(losses), 10)
        return TrialResult(None, {}, pruned=True) if pruned else TrialResult(1.0, {})

    monkeypatch.setattr(loop, "run_trial", trained)
    with quiet():
        spec = SPEC.model_copy(update={"objective": objective, "pruner": "median", "trials": 5})
        sweep = loop.check(spec, Request(), print, download=False)
        study = loop.enqueue(sweep, store)
        loop.run(sweep, study, store, Options(), Request(), lambda line: None, UNTRACKED)
        states = [trial["state"] for trial in tables.trial_records(sweep, study)]
    assert states == ["done", "done", "done", "done", "pruned"]


@pytest.mark.usefixtures("data_files_are_here")
def test_no_published_value_stands_beside_protocol_strict() -> None:
    with quiet():
        sweep = loop.check(SPEC.model_copy(update={"protocol": "strict"}), Request(), print, download=False)
    assert "published" not in "".join(printed(tables.sensitivity_tables(sweep, [])[0]))
