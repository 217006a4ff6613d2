"""The loop of a sweep: its space is checked, its study opened, and trial after trial is run."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from optuna import Trial, pruners

from benchmark.data import fetch_missing
from benchmark.errors import UserError
from benchmark.plan.cell import STRICT_ROLES
from benchmark.plan.keys import SCORES, score_info
from benchmark.plan.planner import Plan
from benchmark.plan.request import Request
from benchmark.run.runner import Options
from benchmark.store.sqlite import sqlite_url
from benchmark.store.store import Store
from benchmark.sweep.objective import Objective, make_objective
from benchmark.sweep.space import Label, Space, make_space
from benchmark.sweep.spec import SweepSpec
from benchmark.sweep.study import INDEX, SharedStudy, TrialResult, open_study
from benchmark.sweep.trial import PRUNING_STEPS, PruningObserver, plan_trial, run_trial
from benchmark.tracking.observer import Tracking

TPE_TRIALS = 20
PRUNING_METRICS = ("validation", "loss")
Evaluate = Callable[[Trial, dict[str, Any]], TrialResult]


@dataclass(frozen=True)
class Sweep:
    """A sweep whose objective and space are valid; `base` is the plan without any changed parameter."""

    spec: SweepSpec
    objective: Objective
    base: Plan
    space: Space

    @property
    def points(self) -> list[dict[str, Label]]:
        """The parameters that each trial is enqueued with: a point of the grid, or nothing where TPE draws them."""
        if self.spec.sampler == "grid":
            return self.space.grid()[: self.spec.trials]
        return [{}] * (self.spec.trials or TPE_TRIALS)

    def storage(self, store: Store) -> str:
        """The URL of the Optuna storage (default: an SQLite file in the store)."""
        return self.spec.storage or sqlite_url(store.root / "sweeps" / f"{self.spec.name}.db")


def check(spec: SweepSpec, request: Request, write: Callable[[str], None], *, download: bool) -> Sweep:
    """Check all that a user can get wrong but the storage; downloads the data on request.

    Raises:
        UserError: The objective, a score, the data, a parameter or a value does not work.
    """
    objective = make_objective(spec)
    for name in spec.scores or ():
        SCORES.load(name, owner="--scores")
    base = plan_trial(spec, objective, {}, request)
    if download and fetch_missing(base.lacking, request.data_dir, write):
        base = plan_trial(spec, objective, {}, request)
    cell = base.cells[0]
    if cell.skip:
        raise UserError(f"{cell.skip}.")
    space = make_space(cell.generator_class, f"generator '{cell.generator}'", spec.param, cell.params)
    sweep = Sweep(spec, objective, base, space)
    if spec.sampler == "grid":
        space.grid()
    _check_values(space, lambda params: plan_trial(spec, objective, params, request))
    return sweep


def enqueue(sweep: Sweep, store: Store) -> SharedStudy:
    """Open the sweep's study and enqueue its trials.

    Raises:
        UserError: The storage cannot be opened, or its study has other settings.
    """
    spec, objective, cell = sweep.spec, sweep.objective, sweep.base.cells[0]
    score = objective.score
    settings = {
        "generator": cell.generator,
        "version": " ".join(filter(None, [str(cell.version), cell.source])),
        "dataset": spec.dataset,
        "data": cell.fingerprint,
        "length": spec.length,
        "budget": spec.budget,
        "protocol": objective.protocol,
        # A study of the earlier protocol strict compared with other windows.
        "roles": STRICT_ROLES if objective.protocol == "strict" else None,
        "objective": objective.name,
        "seeds": spec.seeds,
        "sampler": spec.sampler,
        # In their order, by which a grid's points are numbered.
        "parameters": "; ".join(f"{name}={values}" for name, values in sweep.space.text().items()),
        # Whatever else decides on a trial's value: parameters that are not searched, and the version of the score.
        "cell": cell.key,
        "score version": score_info(score).version if score else None,
    }
    (store.root / "sweeps").mkdir(exist_ok=True)
    study = open_study(
        spec.name, sweep.storage(store), settings, store, maximise=objective.maximise, pruner=_pruner(spec)
    )
    study.enqueue(sweep.points)
    return study


def run(
    sweep: Sweep,
    study: SharedStudy,
    store: Store,
    options: Options,
    request: Request,
    write: Callable[[str], None],
    tracking: Tracking,
) -> None:
    """Run the trials that wait, those of dead processes too; a KeyboardInterrupt lets its trial wait again and is passed on."""
    spec, objective = sweep.spec, sweep.objective

    def evaluate(trial: Trial, params: dict[str, Any]) -> TrialResult:
        def is_pruned(value: float, step: int) -> bool:
            if spec.pruner == "none":
                return False
            # A pruner knows one direction, the objective's; a loss is better when lower.
            trial.report(-value if objective.maximise else value, step)
            return trial.should_prune()

        try:
            plan = plan_trial(spec, objective, params, request)
        except UserError as error:
            return TrialResult(None, {}, str(error))
        metrics = (spec.prune_on,) if spec.prune_on else PRUNING_METRICS
        observer = PruningObserver(plan.cells, write, store, metrics, is_pruned)
        tracking.add(plan.cells, " ".join(f"{name}={value}" for name, value in trial.params.items()))
        return run_trial(plan, objective, store, options, [observer, tracking])

    for index in study.requeue_stopped(retry_failed=options.retry_failed):
        write(f"trial {index} is run again")
    work(study, sweep.space, evaluate, write)


def work(study: SharedStudy, space: Space, evaluate: Evaluate, write: Callable[[str], None]) -> None:
    """Evaluate trial after trial until none waits."""
    while (trial := study.ask()) is not None:
        name = f"trial {trial.user_attrs[INDEX]}"
        try:
            params = space.suggest(trial)
            write(f"{name}: {', '.join(f'{key}={value}' for key, value in trial.params.items())}")
            result = evaluate(trial, params)
        except BaseException:
            study.requeue(trial)
            raise
        study.tell(trial, result)
        state = "pruned" if result.pruned else "failed" if result.value is None else f"{result.value:.6g}"
        write(f"{name}: {state}{f' ({result.reason})' if result.reason else ''}")


def _check_values(space: Space, plan: Callable[[Mapping[str, Any]], Plan]) -> None:
    """Raise the UserError of a value that works neither alone nor with any values of the other parameters."""

    def refusal(params: Mapping[str, Any]) -> UserError | None:
        try:
            plan(params)
        except UserError as error:
            return error
        return None

    for dimension in space.dimensions:
        others = [other for other in space.dimensions if other is not dimension]
        names = [dimension.name, *(other.name for other in others)]
        for value in dimension.probes():
            points = itertools.product([value], *(other.probes() for other in others))
            alone = refusal({dimension.name: value})
            if alone and all(refusal(dict(zip(names, point, strict=True))) for point in points):
                raise alone


def _pruner(spec: SweepSpec) -> pruners.BasePruner:
    if spec.pruner == "median":
        return pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=PRUNING_STEPS // 5)
    if spec.pruner == "halving":
        return pruners.SuccessiveHalvingPruner(min_resource=PRUNING_STEPS // 10, reduction_factor=2)
    return pruners.NopPruner()
