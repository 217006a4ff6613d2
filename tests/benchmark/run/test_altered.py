"""What a worker makes of files that were altered while nobody computed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from baselines.controls.copy import Copy
from benchmark.config.suites import SuiteSpec
from benchmark.errors import AlteredFileError
from benchmark.files import read_json, write_json
from benchmark.interface import FitContext, Windows
from benchmark.plan.cell import Cell
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.run.events import EventWriter
from benchmark.run.job import Job
from benchmark.run.stages import CellRun
from benchmark.run.worker import StopFlag, _attempt
from benchmark.store.records import State
from benchmark.store.sealed_record import sealed
from benchmark.store.store import Store

SCORES = ("duplicates",)


@pytest.fixture
def cell() -> Cell:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke", scores=SCORES)
    return make_plan(suite, Request()).cells[0]


@pytest.fixture
def store(tmp_path: Path, cell: Cell) -> Store:
    made = Store(tmp_path / "runs").create()
    made.cell(cell).path.mkdir()
    return made


class Resumes(Copy):
    """Refuses a checkpoint once it is altered, as the shared training loop does."""

    def fit(self, windows: Windows, context: FitContext) -> Any:
        assert context.checkpoint_dir is not None
        for path in sorted(context.checkpoint_dir.glob("*.state")):
            raise AlteredFileError(path)
        return super().fit(windows, context)


def test_altered_checkpoints_are_set_aside_and_the_fit_begins_without_them(store: Store, cell: Cell) -> None:
    folder, told = store.cell(cell), []
    folder.checkpoint.mkdir()
    for name in ("first.state", "second.state"):
        (folder.checkpoint / name).write_text(name)
    run = CellRun(cell, store, "cpu", None, lambda progress: None, lambda: False, altered=told.append)
    run.__dict__["generator_class"] = Resumes
    run.run("fit")
    assert told == ["'first.state' was altered after it was written", "'second.state' was altered after it was written"]
    aside = store.root / "set_aside" / "cells" / cell.slug / "checkpoint"
    assert sorted(path.read_text() for path in aside.iterdir()) == ["first.state", "second.state"]
    assert folder.is_finished("fit", cell.key)


def attempt(store: Store, cell: Cell) -> State:
    reading, writing = os.pipe()
    try:
        return _attempt(cell, Job(cell, SCORES, store.root), store, EventWriter(writing), StopFlag()).state
    finally:
        os.close(reading)
        os.close(writing)


def finished(store: Store, cell: Cell) -> list[str]:
    return [note.stage for note in store.cell(cell).journal() if note.event == "finished"]


def test_a_lost_model_that_is_fitted_to_the_same_bytes_keeps_its_samples(store: Store, cell: Cell) -> None:
    assert attempt(store, cell) is State.DONE
    (store.cell(cell).model / "generator.json").write_text("{")
    assert attempt(store, cell) is State.DONE
    assert finished(store, cell) == ["fit", "sample", "score:duplicates", "fit"]
    assert store.state(cell, SCORES, verify=True).problems == ()


def test_a_model_that_is_fitted_to_other_bytes_has_new_samples_and_scores(store: Store, cell: Cell) -> None:
    assert attempt(store, cell) is State.DONE
    path = store.cell(cell).path / "stages" / "fit.json"
    record = read_json(path)
    # As if another machine had fitted it, where the last digits differ.
    files = {**record["files"], "model/generator.json": "0" * 64}
    write_json(path, sealed({"key": record["key"], "files": files}))
    assert attempt(store, cell) is State.DONE
    assert finished(store, cell) == ["fit", "sample", "score:duplicates"] * 2
    assert store.state(cell, SCORES, verify=True).problems == ()
