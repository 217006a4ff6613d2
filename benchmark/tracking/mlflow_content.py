"""What a tracker is to hold, derived from the store: one item a suite run and one a cell, in plain values."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.plan.cell import digest
from benchmark.plan.sampling_time import SAMPLING_TIME, TIMING
from benchmark.run.events import DONE
from benchmark.store.store import CellFolder, Store, sha256
from benchmark.tracking.suite_runs import INTERRUPTED, CellRef, SuiteBook, SuiteRun

CELL_FILES = ("cell.json", "scores.json", "provenance.json", "status.json", "error.txt", "log.jsonl")
LONGEST_VALUE = 500
"""Characters of a parameter that every MLflow server takes; the whole value is in the artefacts."""
STATUS = {DONE: "FINISHED", "skipped": "KILLED", INTERRUPTED: "KILLED", "running": "RUNNING"}
"""MLflow's word for a state; every other state is FAILED."""


class Point(NamedTuple):
    """One value of a metric; `time` in milliseconds since 1970."""

    key: str
    value: float
    step: int
    time: int


@dataclass(frozen=True)
class Item:
    """What one MLflow run is to be. `files` maps a path among the artefacts to a file; times in milliseconds since 1970."""

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
    parent: str | None = None

    @property
    def digest(self) -> str:
        """Its whole content as sixteen digits: an item with the digest that was delivered last is delivered."""
        sums = {name: sha256(path) for name, path in self.files.items()}
        plain = [self.name, self.params, self.points, self.tags, self.status, self.started, self.ended]
        return digest([*plain, sums])


def suite_item(run: SuiteRun, book: SuiteBook) -> Item:
    """The parent: the suite's settings, its tables, configuration and figures, and how it ended."""
    states = [_state(ref, book.store) for ref in run.cells]
    ended = not book.is_under_way(run)
    state = "running" if not ended else run.state if run.state != "finished" else DONE
    state = INTERRUPTED if state == "running" and ended else state
    if state == DONE and any(found not in (DONE, "skipped") for found in states):
        state = "failed"
    sums = {f"data_sha256.{ref.record['dataset'].get('id')}": str(ref.record["fingerprint"]) for ref in run.cells}
    tags = {"suite": run.experiment, "status": state, **sums}
    if ended:
        counts = {found or "not run": states.count(found) for found in sorted(set(states))}
        tags |= {"cells": ", ".join(f"{count} {found}" for found, count in counts.items())}
    commits = {str(_commit(book.store, ref)) for ref in run.cells} - {"None"}
    if ended and len(commits) == 1:
        tags |= {"commit": commits.pop()}
    own = book.path(run.id)
    files = {name: own / name for name in run.files if (own / name).is_file()}
    if book.owns_folder(run):
        figures = sorted((book.store.root / run.folder / "plots").glob("*.*"))
        files |= {f"plots/{path.name}": path for path in figures}
    end = round(1000 * (run.started + run.seconds)) if run.ended and ended else None
    params = flatten(run.params)
    return Item(
        run.id, run.name, run.experiment, params, (), tags, files, STATUS.get(state, "FAILED"), round(1000 * run.started), end
    )  # fmt: skip


def cell_item(run: SuiteRun, ref: CellRef, store: Store) -> Item | None:
    """The child: parameters, losses by step, scores with repetitions, costs, tags and files; None before the cell has ended."""
    state = _state(ref, store)
    if state in ("", "running"):
        return None
    folder = CellFolder(store.root / "cells" / ref.slug)
    provenance = {} if state == "skipped" and ref.skip else folder.provenance()
    stages: Mapping[str, Any] = provenance.get("stages", {})
    started, ended = _times(stages, run.started)
    fit = stages.get("fit", {})
    reason = ref.skip if state == "skipped" and ref.skip else folder.status().get("reason", "")
    tags = {
        "suite": run.experiment,
        "cell": ref.slug,
        "status": state,
        "reason": reason,
        "generator": ref.method,
        "dataset": str(ref.record["dataset"].get("id", "")),
        "data_sha256": str(ref.record["fingerprint"]),
        "commit": fit.get("commit"),
        "mlflow.source.git.commit": fit.get("commit"),
        "dirty": fit.get("dirty"),
        "warnings": " ".join(fit.get("warnings", [])),
        "device": fit.get("machine", {}).get("device"),
    }
    points = [
        *_losses(folder.path / "log.jsonl", started),
        *_scores(folder.scores(), stages, ended),
        *_costs(stages, ended),
    ]
    params = flatten(
        {name: value for name, value in ref.record.items() if name not in ("title", "size_class", "class")}
    )
    return Item(
        f"{run.id}/{ref.key}",
        ref.name,
        run.experiment,
        params,
        tuple(point for point in points if math.isfinite(point.value)),
        {name: str(value)[:5000] for name, value in tags.items() if value is not None},
        _files(folder.path, ref, run, store),
        STATUS.get(state, "FAILED"),
        started,
        ended,
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


def _state(ref: CellRef, store: Store) -> str:
    """How a cell stands; "" where it has not been run."""
    state = str(CellFolder(store.root / "cells" / ref.slug).status().get("state", ""))
    return state or ("skipped" if ref.skip else "")


def _commit(store: Store, ref: CellRef) -> str | None:
    stages = CellFolder(store.root / "cells" / ref.slug).provenance().get("stages", {})
    return stages.get("fit", {}).get("commit")


def _times(stages: Mapping[str, Any], otherwise: float) -> tuple[int, int]:
    """When a cell's first stage began, and when it would have ended without pauses: the duration is that of its own work."""
    begun = [_milliseconds(facts["started"]) for facts in stages.values()] or [round(1000 * otherwise)]
    worked = sum(facts.get("wall_seconds", 0.0) for facts in stages.values())
    return min(begun), min(begun) + round(1000 * worked)


def _milliseconds(text: str) -> int:
    return round(1000 * datetime.fromisoformat(text).timestamp())


def _losses(log: Path, time: int) -> Iterator[Point]:
    """The figures of training by step. A resumed fit logs some steps again; the later line counts."""
    found: dict[tuple[str, int], float] = {}
    try:
        lines = log.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            entry = json.loads(line)
            stage, step = entry.pop("stage"), int(entry.pop("step"))
            found |= {(_allowed(f"train/{stage}/{name}"), step): float(value) for name, value in entry.items()}
        except (ValueError, TypeError, KeyError, AttributeError):  # a line that a kill cut off
            continue
    for (key, step), value in sorted(found.items()):
        yield Point(key, value, step, time)


def _scores(scores: Mapping[str, Any], stages: Mapping[str, Any], time: int) -> Iterator[Point]:
    for name, entry in sorted(scores.items()):
        for repetition, value in enumerate(entry["repetitions"]):
            yield Point(_allowed(f"scores/{name}/repetition"), float(value), repetition, time)
        for fact in ("mean", "half_width", "floor"):
            if entry.get(fact) is not None:
                yield Point(_allowed(f"scores/{name}/{fact}"), float(entry[fact]), 0, time)
    timing = stages.get(TIMING, {})
    for repetition, value in enumerate(timing.get("seconds", ())):
        yield Point(f"scores/{SAMPLING_TIME}/repetition", float(value), repetition, time)
    if "median_seconds" in timing:
        yield Point(f"scores/{SAMPLING_TIME}/median", float(timing["median_seconds"]), 0, time)


def _costs(stages: Mapping[str, Any], time: int) -> Iterator[Point]:
    fit, sample = stages.get("fit", {}), stages.get("sample", {})
    costs = {
        "fit_seconds": fit.get("wall_seconds"),
        "sample_seconds": sample.get("seconds_sampling_only"),
        "peak_memory_mib": max((s.get("peak_memory_mib", 0.0) for s in (fit, sample) if s), default=None),
        "parameters": fit.get("parameters"),
    }
    for name, value in costs.items():
        if value is not None:
            yield Point(f"costs/{name}", float(value), 0, time)


def _files(folder: Path, ref: CellRef, run: SuiteRun, store: Store) -> dict[str, Path]:
    """A cell's small files and figures; models and samples stay in the store, which holds them once."""
    found = {name: folder / name for name in CELL_FILES if (folder / name).is_file()}
    for figures in (store.root / "plots" / ref.slug, store.root / run.folder / "plots" / ref.slug):
        found |= {f"plots/{path.name}": path for path in sorted(figures.glob("*.*"))}
    return found
