"""What stays known of a cell whose worker crashes in one of its scores."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.plan.cell import Cell
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.run.events import Event, EventWriter, Kind, read_event
from benchmark.run.job import Job
from benchmark.run.runner import Options, Runner
from benchmark.run.stages import CellRun
from benchmark.run.worker import StopFlag, _attempt
from benchmark.store.records import State
from benchmark.store.store import Store

SCORES = ("duplicates", "dcr_ratio", "spectral")


class Killed(BaseException):
    """In place of a signal that ends the process."""


def test_a_crash_in_a_score_keeps_how_others_ended_and_names_its_own_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke", scores=SCORES)
    cell = make_plan(suite, Request()).cells[0]
    store = Store(tmp_path / "runs").create()
    folder = store.cell(cell)
    folder.path.mkdir()
    stage = stage_of_a_crash(store, cell, monkeypatch)
    assert stage == "score:dcr_ratio"
    event = Event(Kind.END, stage=stage, state=State.KILLED, reason="killed", crashed=True)
    Runner(store, Options(), ())._record_crash(cell, event)
    state = store.state(cell, SCORES)
    assert {name: (state.of_score(name).state, state.of_score(name).reason) for name in SCORES} == {
        "duplicates": (State.FAILED, "ValueError: bad"),
        "dcr_ratio": (State.KILLED, "killed"),
        "spectral": (State.KILLED, "killed"),
    }


def stage_of_a_crash(store: Store, cell: Cell, monkeypatch: pytest.MonkeyPatch) -> str:
    """Attempt a cell whose first score fails and whose second kills the worker; the stage of the last event."""
    run = CellRun.run

    def misbehaving(self: CellRun, stage: str) -> None:
        if stage == "score:duplicates":
            raise ValueError("bad")
        if stage == "score:dcr_ratio":
            raise Killed
        run(self, stage)

    monkeypatch.setattr(CellRun, "run", misbehaving)
    reading, writing = os.pipe()
    try:
        with pytest.raises(Killed):
            _attempt(cell, Job(cell, SCORES, store.root), store, EventWriter(writing), StopFlag())
    finally:
        os.close(writing)
    with os.fdopen(reading) as lines:
        events = [event for line in lines if (event := read_event(line)) is not None]
    return events[-1].stage
