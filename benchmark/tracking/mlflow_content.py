"""The content of a tracker, derived from the store: one run for a suite run and one for each of its cells, in plain values."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.files import sha256
from benchmark.plan.cell import digest
from benchmark.store.cell_folder import CellFolder
from benchmark.store.records import Provenance, ScoreRecord, State, Status
from benchmark.store.status import all_scores, status_for
from benchmark.store.store import Store
from benchmark.tracking.final_scores import LONGEST_DESCRIPTION, RowScores, description, final_scores, score_table
from benchmark.tracking.suite_runs import FINISHED, CellRef, SuiteRun, SuiteRuns

CELL_FILES = ("cell.json", "scores.json", "provenance.json", "status.json", "error.txt", "log.jsonl")
NOTE = "mlflow.note.content"
"""The tag that MLflow shows as a run's description, in Markdown."""
COSTS = "time and memory"
"""The group of a run's costs; MLflow shows groups by name, and what was learned and scored comes before what it cost."""
LONGEST_VALUE = 500
"""Characters of a parameter that every MLflow server takes; the whole value is in the artefacts."""
STATUS = {
    State.DONE: "FINISHED",
    State.SKIPPED: "KILLED",
    State.INTERRUPTED: "KILLED",
    State.RUNNING: "RUNNING",
}
"""MLflow's word for a state; every other state is FAILED."""


class Point(NamedTuple):
    """One value of a metric; `time` in milliseconds since 1970."""

    key: str
    value: float
    step: int
    time: int


@dataclass(frozen=True)
class RunContent:
    """The content of one MLflow run.

    `files` maps a path among the artefacts to a file, `datasets` a data set's name to its checksum; times are in milliseconds
    since 1970.
    """

    key: str
    name: str
    experiment: str
    params: Mapping[str, str]
    points: Sequence[Point]
    tags: Mapping[str, str]
    files: Mapping[str, Path]
    status: str
    started: int
    ended: int | None
    datasets: Mapping[str, str] = field(default_factory=dict)
    parent: str | None = None

    @cached_property
    def digest(self) -> str:
        """Sixteen digits that identify the whole content, with its files as they are when this is first asked for."""
        sums = {name: sha256(path) for name, path in self.files.items()}
        plain = [self.name, self.params, self.points, self.tags, self.status, self.started, self.ended, self.datasets]
        return digest([*plain, sums])


@dataclass(frozen=True)
class RunContents:
    """The contents of a suite run: the parent first, then its cells."""

    all: tuple[RunContent, ...]

    @property
    def digest(self) -> str:
        """Sixteen digits that identify them all."""
        return digest([content.digest for content in self.all])


def run_contents(run: SuiteRun, suite_runs: SuiteRuns) -> RunContents:
    """The contents of a suite run as the store is now; without cells that have not ended."""
    cells = (cell_content(run, ref, suite_runs.store) for ref in run.cells)
    return RunContents((suite_content(run, suite_runs), *filter(None, cells)))


def suite_content(run: SuiteRun, suite_runs: SuiteRuns) -> RunContent:
    """The parent: the suite's settings, final scores, tables, configuration and plots, and how it ended."""
    store = suite_runs.store
    states = [_status(run, ref, store).state for ref in run.cells]
    state = _suite_state(run, states, under_way=suite_runs.is_under_way(run))
    datasets = dict(_dataset(ref) for ref in run.cells)
    sums = {f"data_sha256.{name}": fingerprint for name, fingerprint in datasets.items()}
    tags = {"suite": run.suite, "status": str(state), **sums}
    has_ended = state is not State.RUNNING
    if has_ended:
        names = ["not run" if found is State.MISSING else str(found) for found in states]
        tags |= {"cells": ", ".join(f"{names.count(name)} {name}" for name in sorted(set(names)))}
    commits = {str(_provenance(ref, store).stage("fit").commit) for ref in run.cells} - {"None"}
    if has_ended and len(commits) == 1:
        tags |= {"commit": commits.pop()}
    own = suite_runs.path(run.id)
    files = {name: own / name for name in run.files if (own / name).is_file()}
    tables = [path.read_text(encoding="utf-8") for name, path in files.items() if name.endswith(".md")]
    tags |= {NOTE: text} if (text := description(tables)) else {}
    if suite_runs.owns_folder(run):
        plots = sorted((store.root / run.folder / "plots").glob("*.*"))
        files |= {f"plots/{path.name}": path for path in plots}
    end = round(1000 * (run.started + run.seconds)) if run.ended and has_ended else None
    params, started = flatten(run.params), round(1000 * run.started)
    status = STATUS.get(state, "FAILED")
    points = _final_points(run, states, store)
    return RunContent(run.id, run.name, run.experiment, params, points, tags, files, status, started, end, datasets)


def _final_points(run: SuiteRun, states: Sequence[State], store: Store) -> tuple[Point, ...]:
    """The final score of each row of the suite's table, dated when the last cell was scored."""
    rows, last = [], 0
    for ref, state in zip(run.cells, states, strict=True):
        provenance = _provenance(ref, store)
        scores = all_scores(_folder(ref, store), provenance)
        rows.append(RowScores(ref.row, scores, is_final=state not in (State.MISSING, State.RUNNING)))
        last = max(last, _times(provenance, run.started)[1])
    found = {_allowed(_readable(key)): value for key, value in final_scores(rows).items() if math.isfinite(value)}
    return tuple(Point(key, value, 0, last) for key, value in sorted(found.items()))


def _dataset(ref: CellRef) -> tuple[str, str]:
    """A cell's data set and the checksum of its content."""
    return ref.record.dataset.id, ref.record.fingerprint


def _suite_state(run: SuiteRun, cells: Sequence[State], *, under_way: bool) -> State:
    if under_way:
        return State.RUNNING
    if run.state != FINISHED:
        return State.INTERRUPTED
    return State.DONE if set(cells) <= {State.DONE, State.SKIPPED} else State.FAILED


def cell_content(run: SuiteRun, ref: CellRef, store: Store) -> RunContent | None:
    """A child: parameters, losses by step, scores with repetitions, costs, tags and files; None before the cell has ended."""
    status = _status(run, ref, store)
    state = status.state
    if state in (State.MISSING, State.RUNNING):
        return None
    folder = _folder(ref, store)
    cannot_run = state is State.SKIPPED and bool(ref.skip)
    provenance = Provenance() if cannot_run else folder.provenance()
    started, ended = _times(provenance, run.started)
    fit = provenance.stage("fit")
    scores = {} if cannot_run else all_scores(folder, provenance)
    reason, warnings = ref.skip if cannot_run else status.reason, " ".join(fit.warnings)
    dataset, fingerprint = _dataset(ref)
    tags = {
        "suite": run.suite,
        "cell": ref.slug,
        "status": state,
        "reason": reason,
        "generator": ref.method,
        "dataset": dataset,
        "data_sha256": fingerprint,
        "commit": fit.commit,
        "mlflow.source.git.commit": fit.commit,
        "dirty": fit.dirty,
        "diff_sha256": fit.diff_sha256,
        "warnings": warnings,
        "device": fit.machine.device,
        NOTE: description([score_table(scores), reason, warnings]) or None,
    }
    points = [
        *_losses(folder.path / "log.jsonl", started),
        *_scores(scores, ended),
        *_costs(provenance, ended),
    ]
    params = flatten({"key": ref.key, **ref.record.identity()})
    return RunContent(
        f"{run.id}/{ref.key}",
        f"{ref.name}, {ref.record.budget.name}, {ref.record.protocol}",
        run.experiment,
        params,
        tuple(point for point in points if math.isfinite(point.value)),
        {name: str(value)[:LONGEST_DESCRIPTION] for name, value in tags.items() if value is not None},
        _files(folder.path, ref, run, store),
        STATUS.get(state, "FAILED"),
        started,
        ended,
        {dataset: fingerprint},
        parent=run.id,
    )


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested settings as `a.b` to text of at most 500 characters; lists as JSON, empty ones and None left out."""
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= flatten(value, f"{prefix}{name}.")
        elif value not in (None, "", [], ()):
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            found[_allowed(f"{prefix}{name}")] = text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
    return found


def _allowed(name: str) -> str:
    """A name in the signs that MLflow takes, at most 250 of them."""
    return re.sub(r"[^\w./ -]", "_", name)[:250]


def _readable(name: str) -> str:
    """A name with `width=8, depth=2` as "width 8 depth 2", whose signs no MLflow name may have."""
    return name.replace("=", " ").replace(",", "")


def _folder(ref: CellRef, store: Store) -> CellFolder:
    return store.folder(ref.slug)


def _provenance(ref: CellRef, store: Store) -> Provenance:
    return _folder(ref, store).provenance()


def _status(run: SuiteRun, ref: CellRef, store: Store) -> Status:
    """How a cell stands for the scores of a suite run."""
    status = status_for(_folder(ref, store), run.scores)
    return Status(state=State.SKIPPED) if status.state is State.MISSING and ref.skip else status


def _times(provenance: Provenance, otherwise: float) -> tuple[int, int]:
    """When a cell's first stage began, and when it would have ended without pauses: the duration is that of its own work."""
    stages = provenance.stages.values()
    begun = [_milliseconds(stage.started) for stage in stages if stage.started] or [round(1000 * otherwise)]
    return min(begun), min(begun) + round(1000 * sum(stage.own_seconds for stage in stages))


def _milliseconds(text: str) -> int:
    return round(1000 * datetime.fromisoformat(text).timestamp())


def _losses(log: Path, time: int) -> Iterator[Point]:
    """The logged metrics of training by step, a group a stage. A resumed fit logs some steps again; the later line counts."""
    found: dict[tuple[str, int], float] = {}
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            entry = json.loads(line)
            stage, step = entry.pop("stage"), int(entry.pop("step"))
            found |= {(_allowed(f"{stage}/{name}"), step): float(value) for name, value in entry.items()}
        except (
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            OverflowError,
            RecursionError,
        ):  # a line that a kill cut off
            continue
    for (key, step), value in sorted(found.items()):
        yield Point(key, value, step, time)


def _scores(scores: Mapping[str, ScoreRecord], time: int) -> Iterator[Point]:
    for name, record in sorted(scores.items()):
        for repetition, value in enumerate(record.repetitions):
            yield Point(_allowed(f"scores/{name}/repetition"), value, repetition, time)
        for label, one in (("mean", record.mean), ("half_width", record.half_width), ("floor", record.floor)):
            if one is not None:
                yield Point(_allowed(f"scores/{name}/{label}"), one, 0, time)


def _costs(provenance: Provenance, time: int) -> Iterator[Point]:
    fit, sample = provenance.stage("fit"), provenance.stage("sample")
    memory = [stage.peak_memory_mib for stage in (fit, sample) if stage.peak_memory_mib is not None]
    costs = {
        "fit_seconds": fit.wall_seconds if "fit" in provenance.stages else None,
        "sample_seconds": sample.seconds_sampling_only,
        "peak_memory_mib": max(memory, default=None),
        "parameters": fit.parameters,
    }
    for name, value in costs.items():
        if value is not None:
            yield Point(f"{COSTS}/{name}", float(value), 0, time)


def _files(folder: Path, ref: CellRef, run: SuiteRun, store: Store) -> dict[str, Path]:
    """A cell's small files and plots; models and samples stay in the store, which holds them once."""
    found = {name: folder / name for name in CELL_FILES if (folder / name).is_file()}
    for plots in (store.root / "plots" / ref.slug, store.root / run.folder / "plots" / ref.slug):
        found |= {f"plots/{path.name}": path for path in sorted(plots.glob("*.*"))}
    return found
