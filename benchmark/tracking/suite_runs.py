"""Suite runs in the store: their cells, their settings, and the destinations where they are tracked.

`<store>/tracking/runs/<id>/run.json`, beside copies of the tables. The same command continues the same suite run.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmark.files import read_json, write_bytes, write_json
from benchmark.plan.cell import Cell, digest
from benchmark.plan.describe import configuration
from benchmark.plan.planner import Plan
from benchmark.report.suite import suite_folder
from benchmark.store.cell_record import CellRecord
from benchmark.store.owned_lock import OwnedLock
from benchmark.store.sealed_record import sealed
from benchmark.store.store import Store

RUNNING = "running"
FINISHED = "finished"
INTERRUPTED = "interrupted"
MOST_NAMED = 4
"""Data sets that a name lists."""


@dataclass(frozen=True)
class CellRef:
    """A cell of a suite run: its folder, what it is, and why it cannot run here ("" where it can)."""

    slug: str
    name: str
    method: str
    record: CellRecord
    skip: str = ""

    @property
    def key(self) -> str:
        """The cell's key."""
        return self.record.key

    @property
    def row(self) -> str:
        """The cell's name without its training seed: what all seeds of a table's row share."""
        seed = self.record.seed
        return self.name.replace(f" seed {seed}", "", 1) if seed else self.name


@dataclass(frozen=True)
class SuiteRun:
    """One suite run; `experiment` and `name` are those of the tracker, times are in seconds since 1970.

    `started` is when it was first opened and `opened` when it was last; `seconds` is how long it was open in all its sessions.
    `destinations` are names; `uploaded` holds, by destination, the digest of what was last uploaded whole. Tables and plots lie
    in `folder` of the store; `files` are names of copies in the suite run's own folder.
    """

    id: str
    experiment: str
    name: str
    params: dict[str, Any]
    cells: tuple[CellRef, ...]
    scores: tuple[str, ...]
    """The scores that every cell is to have, of each draw of samples."""
    destinations: tuple[str, ...] = ()
    uploaded: dict[str, str] = field(default_factory=dict)
    started: float = 0.0
    ended: float | None = None
    opened: float = 0.0
    seconds: float = 0.0
    state: str = RUNNING
    folder: str = ""
    files: tuple[str, ...] = ()

    @property
    def suite(self) -> str:
        """The suite's name."""
        return str(self.params.get("name", self.experiment))


def from_plan(plan: Plan) -> SuiteRun:
    """The suite run of a plan; equal plans give the same one."""
    suite = plan.suite.model_dump(mode="json", exclude={"origin", "title", "summary"})
    params = {**suite, "scores": list(plan.scores)}
    cells = tuple(refer(cell) for cell in plan.cells)
    setting = (plan.suite.budget, plan.suite.protocol)
    whole = [Path(name).stem for name in plan.suite.datasets] or [cell.dataset.id for cell in plan.cells]
    lengths = " ".join(str(length) for length in sorted({cell.length for cell in plan.cells}))
    here = f"{_listed(cell.dataset.id for cell in plan.cells)} {lengths}"
    experiment = ", ".join([plan.suite.name, _listed(whole), *setting])
    name = ", ".join([plan.suite.name, here, *setting, *plan.changes])
    id_ = digest([params, [cell.key for cell in cells]])
    return SuiteRun(id_, experiment, name, params, cells, plan.score_names)


def _listed(datasets: Iterable[str]) -> str:
    """Data sets by name, or their number where there are many."""
    names = list(dict.fromkeys(datasets))
    return " + ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} data sets"


def refer(cell: Cell, label: str = "") -> CellRef:
    """A reference to a cell; `label` ends its name."""
    seed = f"seed {cell.seed}" if cell.seed else ""
    words = [cell.dataset.id, str(cell.length), cell.method, cell.altered, seed, label]
    return CellRef(cell.slug, " ".join(filter(None, words)), cell.method, CellRecord.of(cell), cell.skip or "")


class SuiteRuns:
    """The suite runs of a store. Changes are made under a lock, because several processes may work on one."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.root = store.root / "tracking" / "runs"

    def path(self, run: str) -> Path:
        """The folder of a suite run."""
        return self.root / run

    def open(self, run: SuiteRun, destination: str | None, settings: Mapping[str, Any]) -> SuiteRun:
        """Add a suite run, or continue it; `settings` is kept beside it as configuration.json."""
        folder = self.path(run.id)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "configuration.json", settings)
        with self._lock(run.id):
            known = self.read(run.id)
            destinations = (*(known.destinations if known else ()), *([destination] if destination else []))
            started = known.started if known else round(time.time(), 3)
            files = known.files if known else ("configuration.json",)
            cells = _merged(known.cells if known else (), run.cells)
            now, spent = round(time.time(), 3), known.seconds if known else 0.0
            # Another process that works on it counts from its own start.
            opened_at = known.opened if known and self.is_under_way(known) else now
            opened = replace(
                run,
                experiment=known.experiment if known else run.experiment,  # where a tracker has it
                destinations=tuple(dict.fromkeys(destinations)),
                uploaded=known.uploaded if known else {},
                started=started,
                opened=opened_at,
                seconds=spent,
                files=files,
                cells=cells,
            )
            self._write(opened)
        return opened

    def add(self, run: str, cells: Iterable[CellRef]) -> None:
        """Add cells to a suite run."""
        with self._lock(run):
            known = self.get(run)
            self._write(replace(known, cells=_merged(known.cells, cells)))

    def close(self, run: str, state: str, files: Iterable[Path] = ()) -> None:
        """Record how a suite run ended, with copies of its files: a later one may write others under the same names."""
        files = list(files)
        for file in files:
            write_bytes(self.path(run) / file.name, file.read_bytes())
        with self._lock(run):
            known = self.get(run)
            names = tuple(dict.fromkeys([*known.files, *(file.name for file in files)]))
            now = round(time.time(), 3)
            # Seconds that another process has counted already are not counted twice.
            spent = round(known.seconds + now - max(known.opened, known.ended or 0.0), 3)
            self._write(replace(known, state=state, ended=now, seconds=spent, files=names))

    def get(self, run: str) -> SuiteRun:
        """A suite run that is known to exist; raises KeyError."""
        found = self.read(run)
        if found is None:
            raise KeyError(run)
        return found

    def read(self, run: str) -> SuiteRun | None:
        """A suite run; None where there is none, or none that can be read."""
        values = read_json(self.path(run) / "run.json")
        try:
            cells = tuple(_ref(cell) for cell in values.pop("cells"))
            values |= {name: tuple(values[name]) for name in ("destinations", "files", "scores")}
            return SuiteRun(**values, cells=cells)
        except (KeyError, TypeError, ValueError):
            return None

    def all(self) -> list[SuiteRun]:
        """Every suite run, the oldest first."""
        found = [self.read(path.name) for path in sorted(self.root.glob("*")) if path.is_dir()]
        return sorted((run for run in found if run is not None), key=lambda run: run.started)

    def is_under_way(self, run: SuiteRun) -> bool:
        """Whether a living process still works on it, whatever another one has recorded of its own end."""
        return self.store.is_locked(f"suite-{run.id}")

    def owns_folder(self, run: SuiteRun) -> bool:
        """Whether no later suite run shares its folder, so that the figures there are its own."""
        later = (other for other in self.all() if other.folder == run.folder and other.started > run.started)
        return bool(run.folder) and not any(later)

    def set_uploaded(self, run: str, destination: str, digest: str) -> None:
        """Record that a destination has a suite run whole, with this digest."""
        with self._lock(run):
            known = self.get(run)
            self._write(replace(known, uploaded={**known.uploaded, destination: digest}))

    def _lock(self, run: str) -> OwnedLock:
        return self.store.lock(f"suite-run-{run}", timeout=None)

    def _write(self, run: SuiteRun) -> None:
        cells = [{**vars(ref), "record": sealed(ref.record.to_json())} for ref in run.cells]
        write_json(self.path(run.id) / "run.json", {**vars(run), "cells": cells})


def _ref(values: dict[str, Any]) -> CellRef:
    """A reference as a file holds it; raises ValueError where its record was altered."""
    record = CellRecord.unseal(values["record"])
    if record is None:
        raise ValueError("the record of a cell was altered")
    return CellRef(**{**values, "record": record})


def _merged(known: Iterable[CellRef], more: Iterable[CellRef]) -> tuple[CellRef, ...]:
    return tuple({ref.key: ref for ref in (*known, *more)}.values())


def open_plan(suite_runs: SuiteRuns, plan: Plan, destination: str | None) -> SuiteRun:
    """Add the suite run of a plan, or continue it."""
    folder = suite_folder(plan, suite_runs.store).relative_to(suite_runs.store.root)
    return suite_runs.open(replace(from_plan(plan), folder=str(folder)), destination, configuration(plan))
