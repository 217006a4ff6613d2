"""One trial: its cells through the ordinary runner, observed by a pruner."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from benchmark.config.generators import load_spec
from benchmark.config.suites import SuiteSpec
from benchmark.errors import UserError
from benchmark.plan.cell import Cell
from benchmark.plan.keys import is_validation
from benchmark.plan.planner import Plan, make_plan
from benchmark.plan.request import Request
from benchmark.run.events import Event
from benchmark.run.progress import LineDisplay
from benchmark.run.runner import Observer, Options, Runner
from benchmark.store.records import State
from benchmark.store.store import Store
from benchmark.sweep.objective import Objective
from benchmark.sweep.spec import SweepSpec
from benchmark.sweep.study import TrialResult

PRUNING_STEPS = 20
"""Trials are compared at each twentieth of a training stage, whatever its number of steps."""


class Pruned(KeyboardInterrupt):
    """A trial is pruned: to the runner an interrupt, so that its workers save their state and end."""


def plan_trial(
    spec: SweepSpec,
    objective: Objective,
    params: Mapping[str, Any],
    request: Request,
    scores: tuple[str, ...] | None = None,
) -> Plan:
    """The ordinary cells of one trial, one a training seed, with the scores of the objective or those given.

    Test scores of every trial are computed only where one of them is the objective.

    Raises:
        UserError: No generator can be built with these parameters.
    """
    if scores is None:
        shown = spec.scores if objective.is_test else ()
        scores = tuple(dict.fromkeys(filter(None, (objective.score, *shown))))
    suite = SuiteSpec(
        name=spec.name,
        budget=spec.budget,
        protocol=objective.protocol,
        datasets=(spec.dataset,),
        lengths=(spec.length,),
        generators=(spec.generator,),
        # A suite has test scores; a trial that is chosen by a measurement or by validation windows may have none.
        scores=tuple(name for name in scores if not is_validation(name)) or ("spectral",),
        seeds=spec.seeds,
        set={load_spec(spec.generator).name: dict(params)},
    )
    return replace(make_plan(suite, request), scores=scores)


def run_trial(
    plan: Plan, objective: Objective, store: Store, options: Options, observers: Sequence[Observer]
) -> TrialResult:
    """Run a trial's cells, of which one that fails fails the trial; passes KeyboardInterrupt on."""
    measurements: dict[str, Any] = {"cells": [cell.slug for cell in plan.cells]}
    try:
        outcomes = Runner(store, options, observers).run(plan)
    except Pruned as reason:
        return TrialResult(None, measurements, str(reason), pruned=True)
    failed = next((outcome for outcome in outcomes if outcome.state is not State.DONE), None)
    if failed:
        return TrialResult(None, measurements, f"{failed.state}: {failed.reason}")
    try:
        value, half_width = objective.read(plan.cells, store)
    except UserError as error:
        return TrialResult(None, measurements, str(error))
    folders = [store.cell(cell) for cell in plan.cells]
    fits = [folder.provenance().stage("fit") for folder in folders]
    scores = [folder.scores() for folder in folders]
    measurements |= {
        "half_width": half_width,
        "scores": {
            name: sum(entry[name].mean for entry in scores) / len(scores)
            for name in plan.scores
            if all(name in entry for entry in scores)
        },
        "fit_seconds": round(sum(fit.wall_seconds for fit in fits), 1),
        "parameters": fits[0].parameters,
    }
    return TrialResult(value, measurements)


class PruningObserver(LineDisplay):
    """Shows a trial's progress, and reports the training of its first cell to a pruner.

    One metric is reported: the first of `metrics` that the training logs, written as NAME or STAGE:NAME. `report` takes the
    metric's first value after each twentieth of the stage and the number of that twentieth, from 1 to 19; it returns whether
    to prune the trial.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        write: Callable[[str], None],
        store: Store,
        metrics: Sequence[str],
        report: Callable[[float, int], bool],
    ) -> None:
        super().__init__(len(cells), write)
        self.store = store
        self.choices = [name.rpartition(":")[::2] for name in metrics]
        self.report = report
        # The same cell of every trial, since curves of other training seeds do not compare.
        self.cell = cells[0].key
        self.stage = ""
        self.metric = ""
        self.step = 0
        self.offset = 0

    def progressed(self, cell: Cell, event: Event) -> None:
        """Show where a cell is, and read what the first cell's training has logged since; raises Pruned."""
        super().progressed(cell, event)
        log = self.store.cell(cell).path / "log.jsonl"
        if cell.key != self.cell or not event.total or not log.exists():
            return
        with log.open("rb") as file:
            file.seek(self.offset)
            for line in file:
                if not line.endswith(b"\n"):  # the writer has not finished it
                    break
                self.offset += len(line)
                self._read(json.loads(line), event)

    def _read(self, entry: dict[str, Any], event: Event) -> None:
        if entry["stage"] != event.stage:
            return
        # Each stage minimises a loss of its own kind, so one stage is observed: the first that logs the metric.
        if not self.metric:
            logged = (name for stage, name in self.choices if stage in ("", event.stage) and name in entry)
            self.metric = next(logged, "")
            self.stage = event.stage
        if event.stage != self.stage or self.metric not in entry:
            return
        step = entry["step"] * PRUNING_STEPS // event.total
        if self.step < step < PRUNING_STEPS:
            self.step = step
            value = float(entry[self.metric])
            if self.report(value, step):
                raise Pruned(f"{self.metric} {value:.4g} at {100 * step // PRUNING_STEPS} % of {self.stage}")
