"""How cells stand: done, running, failed or missing, for how long, and what is left. Nothing is computed or written."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.config.budgets import BUDGETS, BudgetSpec
from benchmark.data.spec import DatasetSpec
from benchmark.plan.cell import Cell
from benchmark.plan.planner import Plan
from benchmark.plan.selection import KEYS, parse_only
from benchmark.store.cell_folder import CellFolder
from benchmark.store.history import History
from benchmark.store.records import PERMANENT_FAILURES, Provenance, State, Status
from benchmark.store.store import Store

TOTALS = {
    State.DONE: "done",
    State.RUNNING: "running",
    State.SKIPPED: "skipped",
    State.MISSING: "missing",
    State.INTERRUPTED: "missing",
    State.BUSY: "missing",
    State.ALTERED: "missing",
}
"""Under which total a state counts; every other state is a failure."""
NOT_COMPUTED = (State.DONE, State.SKIPPED, *PERMANENT_FAILURES)
"""States of cells that the next run leaves as they are."""
ORPHANED = "no process computes it any more; run the suite again, which goes on from the last checkpoint"
Estimate = Callable[[Cell, str], float | None]


@dataclass(frozen=True)
class CellStatus:
    """How one cell stands.

    Attributes:
        folder: Its folder's name.
        title: The generator's title with its variant; the folder's name where `cell.json` cannot be read.
        setting: Data set, length, protocol and budget in words.
        generator: The generator's name.
        seed: The training seed.
        state: Its state; a cell whose record says running and whose lock nobody holds was interrupted with its run.
        reason: Why it ended so.
        stage: The stage in which it ended, or which runs now.
        seconds: Seconds of its finished stages, and of an unfinished fit up to its last checkpoint.
        running_seconds: Seconds since the running stage began; None where none runs.
        missing: The stages still to compute, in order.
        left: Estimated seconds of these; None where it is not known.
    """

    folder: str
    title: str
    setting: str
    generator: str
    seed: int
    state: State
    reason: str
    stage: str
    seconds: float
    running_seconds: float | None
    missing: tuple[str, ...]
    left: float | None

    @property
    def counts_as(self) -> str:
        """The total under which it counts."""
        return TOTALS.get(self.state, "failed")


def suite_status(plan: Plan, store: Store) -> list[CellStatus]:
    """Every cell of a plan, in its order; raises UserError where there is no such store."""
    history = History(store.opened())
    found = []
    for cell in plan.cells:
        state = store.state(cell, plan.score_names)
        folder = store.cell(cell)
        found.append(_status(cell, folder, store, state.status, state.provenance, state.missing, history.stage_seconds))
    return found


def whole_status(
    store: Store, only: Sequence[str] = (), budget: str | None = None, protocol: str | None = None
) -> list[CellStatus]:
    """Every cell that the store has a folder of, or those that `--only`, a budget and a protocol keep.

    Which scores a cell was meant to get is known to its suite alone: here fit, sample and the stages that were begun count as
    missing until they are finished.

    Raises:
        UserError: The store is not there, or `only` names what none of its cells has.
    """
    history = History(store.opened())
    cells = [(folder, recorded_cell(folder)) for folder in store.folders()]
    readable = [cell for _, cell in cells if cell is not None]
    choices = {key: {_value(cell, key) for cell in readable} for key in KEYS}
    selection = parse_only(only, choices, owner=f"the store '{store.root}'")
    found = []
    for folder, cell in cells:
        if cell is None:
            found += [] if only or budget or protocol else [_unreadable(folder)]
        elif (
            all(selection.admits(key, _value(cell, key)) for key in KEYS)
            and budget in (None, cell.budget.name)
            and protocol in (None, cell.protocol)
        ):
            status = folder.status()
            missing = _unfinished(folder, status)
            found.append(_status(cell, folder, store, status, folder.provenance(), missing, history.known_seconds))
    return sorted(found, key=lambda one: (one.setting, one.folder))


def recorded_cell(folder: CellFolder) -> Cell | None:
    """The cell of a folder, with as much of its data set and budget as identifies it; None where its record is not sound."""
    record = folder.record()
    if record is None:
        return None
    name = record.budget.name
    return Cell(
        generator=record.generator,
        class_path=record.class_path,
        version=record.version,
        source=record.source,
        params=record.params,
        dataset=DatasetSpec.model_construct(id=record.dataset.id),
        fingerprint=record.fingerprint,
        length=record.length,
        protocol=record.protocol,
        budget=BUDGETS.load(name) if name in BUDGETS else BudgetSpec(name=name, summary="", time_limit_minutes=1),
        seed=record.seed,
        title=record.title,
        size_class=record.size_class,
    )


def _value(cell: Cell, key: str) -> object:
    return cell.dataset.id if key == "dataset" else getattr(cell, key)


def _unfinished(folder: CellFolder, status: Status) -> tuple[str, ...]:
    if status.state is State.DONE:
        return ()
    finished = folder.finished_stages()
    last = {note.stage: note.event for note in folder.journal()}
    begun = [stage for stage, event in last.items() if event != "finished"]
    return tuple(dict.fromkeys([*(stage for stage in ("fit", "sample") if stage not in finished), *begun]))


def _status(
    cell: Cell,
    folder: CellFolder,
    store: Store,
    status: Status,
    provenance: Provenance,
    missing: tuple[str, ...],
    estimate: Estimate,
) -> CellStatus:
    state, reason, stage, running = status.state, status.reason, status.stage, None
    checkpointed = folder.unfinished_seconds() if "fit" in missing else 0.0
    if state is State.RUNNING:
        started = [note for note in folder.journal() if note.event == "started"]
        stage = started[-1].stage if started else ""
        owner = store.owner(folder.key)
        if owner is not None:
            reason = "" if owner.is_here or not owner.host else f"on {owner.host}"
            running = time.time() - started[-1].time if started else 0.0
            # A resumed fit began before its last start.
            running = max(running, checkpointed if stage == "fit" else 0.0)
        else:
            state, reason = State.INTERRUPTED, ORPHANED
    seconds = [estimate(cell, name) for name in missing]
    left = None if None in seconds else sum(filter(None, seconds), 0.0)
    if left is not None and running is not None and stage in missing:
        expected = seconds[missing.index(stage)] or 0.0
        # A stage that runs for longer than was expected says nothing about its end.
        left = left - running if running < expected else None
    spent = sum(record.own_seconds for record in provenance.stages.values())
    return CellStatus(
        folder=folder.path.name,
        title=cell.title + (f" seed {cell.seed}" if cell.seed else ""),
        setting=f"{cell.dataset.id} {cell.length}, protocol {cell.protocol}, budget {cell.budget.name}",
        generator=cell.generator,
        seed=cell.seed,
        state=state,
        reason=reason,
        stage=stage,
        seconds=round(spent + (0.0 if running is not None else checkpointed), 1),
        running_seconds=None if running is None else round(running, 1),
        missing=missing,
        left=0.0 if state is State.SKIPPED else left,
    )


def _unreadable(folder: CellFolder) -> CellStatus:
    name = folder.path.name
    reason = "cell.json is missing, damaged or altered; run the suite again to compute it"
    return CellStatus(name, name, "without a readable cell.json", "", 0, State.ALTERED, reason, "", 0.0, None, (), None)


def totals(cells: Sequence[CellStatus]) -> dict[str, Any]:
    """Cells by outcome, seconds spent, estimated seconds of what the next run computes, and cells whose time is not known."""
    counts = Counter(cell.counts_as for cell in cells)
    due = [cell for cell in cells if cell.state not in NOT_COMPUTED]
    return {
        **{name: counts[name] for name in ("done", "running", "failed", "skipped", "missing")},
        "seconds": round(sum((cell.seconds + (cell.running_seconds or 0.0) for cell in cells), 0.0), 1),
        "left": round(sum((cell.left or 0.0 for cell in due), 0.0), 1),
        "unknown": sum(cell.left is None for cell in due),
    }


def status_record(store: Store, suite: str | None, cells: Sequence[CellStatus]) -> dict[str, Any]:
    """The same with stable keys."""
    return {
        "store": str(store.root),
        "suite": suite,
        "cells": [
            {
                "cell": cell.folder,
                "title": cell.title,
                "setting": cell.setting,
                "generator": cell.generator,
                "seed": cell.seed,
                "state": str(cell.state),
                "reason": cell.reason,
                "stage": cell.stage,
                "seconds": cell.seconds,
                "running_seconds": cell.running_seconds,
                "missing": list(cell.missing),
                "left": None if cell.left is None else round(cell.left, 1),
            }
            for cell in cells
        ],
        "totals": totals(cells),
    }
