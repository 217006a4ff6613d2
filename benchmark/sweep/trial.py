"""One trial: its cells through the ordinary runner, watched by a pruner."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmark.config.generators import load_spec
from benchmark.config.suites import SuiteSpec
from benchmark.errors import UserError
from benchmark.plan.cell import Cell
from benchmark.plan.keys import is_validation
from benchmark.plan.planner import Plan, Request, make_plan
from benchmark.run.events import DONE, Event
from benchmark.run.progress import LineDisplay
from benchmark.run.runner import Options, Runner
from benchmark.store.store import Store
from benchmark.sweep.objective import Objective
from benchmark.sweep.spec import SweepSpec
from benchmark.tracking.observer import UNTRACKED, Tracking

RUNGS = 20
"""A training is compared with others at each twentieth of a stage, so that shorter and longer ones compare."""


class Pruned(KeyboardInterrupt):
    """A trial is given up: to the runner an interrupt, so that its children save their state and end."""


@dataclass(frozen=True)
class Ending:
    """How a trial ended: a value, or `reason` why there is none."""

    value: float | None
    facts: dict[str, Any]
    pruned: bool = False


def plan_trial(spec: SweepSpec, objective: Objective, params: Mapping[str, Any], request: Request) -> Plan:
    """The ordinary cells of one trial, one a training seed; raises UserError for parameters that cannot work."""
    scores = tuple(dict.fromkeys(filter(None, (objective.score, *spec.scores))))
    suite = SuiteSpec(
        name=spec.name,
        budget=spec.budget,
        protocol=objective.protocol,
        datasets=(spec.dataset,),
        lengths=(spec.length,),
        generators=(spec.generator,),
        # A suite has test scores; a trial that is chosen by a fact or by its validation windows may have none.
        scores=tuple(name for name in scores if not is_validation(name)) or ("spectral",),
        seeds=spec.seeds,
        set={load_spec(spec.generator).name: dict(params)},
    )
    return replace(make_plan(suite, request), scores=scores)


def run_trial(
    plan: Plan,
    objective: Objective,
    store: Store,
    options: Options,
    follower: Follower,
    write: Callable[[str], None],
    tracking: Tracking = UNTRACKED,
) -> Ending:
    """Run a trial's cells; a failure of one fails the trial. KeyboardInterrupt is passed on."""
    watcher = TrialDisplay(len(plan.cells), write, follower)
    cells = {"cells": [cell.slug for cell in plan.cells]}
    try:
        outcomes = Runner(store, options, tracking.watching(watcher)).run(plan)
    except Pruned as reason:
        return Ending(None, {**cells, "reason": str(reason)}, pruned=True)
    failed = next((outcome for outcome in outcomes if outcome.state != DONE), None)
    if failed:
        return Ending(None, {**cells, "reason": f"{failed.state}: {failed.reason}"})
    try:
        value, half_width = objective.read(plan.cells, store)
    except UserError as error:
        return Ending(None, {**cells, "reason": str(error)})
    folders = [store.cell(cell) for cell in plan.cells]
    stages = [folder.provenance().get("stages", {}).get("fit", {}) for folder in folders]
    scores = {
        name: sum(folder.scores()[name]["mean"] for folder in folders) / len(folders)
        for name in plan.scores
        if all(name in folder.scores() for folder in folders)
    }
    facts = {
        **cells,
        "half_width": half_width,
        "scores": scores,
        "fit_seconds": round(sum(stage.get("wall_seconds", 0.0) for stage in stages), 1),
        "parameters": stages[0].get("parameters"),
    }
    return Ending(value, facts)


class Follower:
    """Feeds a pruner the first of `figures` that a trial's training has, such as loss, or stage:loss for one stage.

    `report(value, rung)` is told the first value at each rung, in twentieths of the stage, and says whether to give up.
    """

    def __init__(self, figures: Sequence[str], store: Store, report: Callable[[float, int], bool]) -> None:
        self.choices = [name.rpartition(":")[::2] for name in figures]
        self.stage = ""
        self.figure = ""
        self.store = store
        self.report = report
        self.cell: str | None = None
        self.rung = 0
        self.offset = 0

    def __call__(self, cell: Cell, event: Event) -> None:
        """Look at the log of the first cell's training; raises Pruned."""
        self.cell = self.cell or cell.key
        if cell.key != self.cell or not event.total:
            return
        log = self.store.cell(cell).path / "log.jsonl"
        if not log.exists():
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
        # Stages have losses of their own kind, so one stage is followed: the first that has the figure.
        for stage, figure in [] if self.figure else self.choices:
            if figure in entry and stage in ("", event.stage):
                self.stage, self.figure = event.stage, figure
                break
        if event.stage != self.stage or self.figure not in entry:
            return
        rung = entry["step"] * RUNGS // event.total
        if self.rung < rung < RUNGS:
            self.rung = rung
            value = float(entry[self.figure])
            if self.report(value, rung):
                raise Pruned(f"{self.figure} {value:.4g} at {100 * rung // RUNGS} % of {self.stage}")


class TrialDisplay(LineDisplay):
    """Lines of progress that a follower reads too."""

    def __init__(self, total: int, write: Callable[[str], None], follower: Follower) -> None:
        super().__init__(total, write)
        self.follower = follower

    def progressed(self, cell: Cell, event: Event) -> None:
        """Say where a cell is, and let the follower judge; raises Pruned."""
        super().progressed(cell, event)
        self.follower(cell, event)
