"""What a run shows of itself."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from benchmark.config.suites import SuiteSpec
from benchmark.interface import Progress
from benchmark.plan.cell import Cell
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.run.bars import BarDisplay
from benchmark.run.events import Event, EventWriter, Kind, read_event
from benchmark.run.outcome import Outcome
from benchmark.run.progress import LineDisplay
from benchmark.run.remaining import Remaining
from benchmark.run.runner import Observer, Options, Runner
from benchmark.run.worker import Reporter
from benchmark.store.records import State
from benchmark.store.store import Store

STAGES = ("fit", "score:context_fid")


def cell(generator: str) -> Any:
    dataset = SimpleNamespace(id="stocks")
    return SimpleNamespace(key=generator, generator=generator, method=generator, dataset=dataset, length=24, seed=0)


def remaining() -> Remaining:
    return Remaining(lambda cell, stage: 120.0, 1)


@pytest.mark.parametrize("width", [70, 120])
def test_bars_show_estimate_stage_and_loss_inside_the_width(width: int) -> None:
    file = io.StringIO()
    display = BarDisplay(2, Console(file=file, width=width, force_terminal=False), remaining())

    def screen() -> list[str]:
        """What the next refresh would draw."""
        with display.console.capture() as captured:
            display.console.print(display.live.get_renderable())
        return [line.rstrip() for line in captured.get().splitlines()]

    for name in ("timemar_s", "copy"):
        display.planned(cell(name), STAGES)
    with display:
        first = screen()
        display.started(cell("timemar_s"), STAGES)
        display.progressed(
            cell("timemar_s"), Event(Kind.PROGRESS, "tokenizer", 50, 2000, metrics={"loss": 0.12345, "b": 1.0})
        )
        trained = screen()
        display.progressed(cell("timemar_s"), Event(Kind.PROGRESS, "score:context_fid", 1, 5))
        scored = screen()
        display.stopping()
        stopping = screen()
        display.ended(Outcome(cell("timemar_s"), State.DONE, computed=True))
        display.started(cell("copy"), STAGES)
    left_behind = screen()
    assert [line.split()[:3:2] for line in left_behind] == [["cells", "1/2"]], "no bar of a cell outlives an interrupt"
    assert "about 8 min left" in first[0]
    assert "0/2" in first[0]
    assert "loss 0.123" in trained[1]
    assert "50/2000" in trained[1]
    assert trained[1].startswith("  stocks 24 timemar_s: tokeni")
    assert "loss" not in scored[1]
    assert "context_fid" in scored[1]
    assert stopping[0].startswith("stopping after the current step…")
    assert "left" not in stopping[0]
    assert max(map(len, [*first, *trained, *scored, *stopping])) <= width
    assert "stocks 24 timemar_s: done" in file.getvalue()


def test_lines_begin_with_the_estimate_and_say_that_a_run_stops() -> None:
    lines: list[str] = []
    display = LineDisplay(3, lines.append, remaining())
    display.ended(Outcome(cell("oracle"), State.DONE))
    for name in ("timemar_s", "copy"):
        display.planned(cell(name), STAGES)
    display.started(cell("timemar_s"), STAGES)
    display.ended(Outcome(cell("timemar_s"), State.FAILED, "a reason"))
    display.started(cell("copy"), STAGES)
    display.stopping()
    assert lines == [
        "[1/3] stocks 24 oracle: done (nothing to compute)",
        "2 of 3 cells to compute, about 8 min left",
        "stocks 24 timemar_s: computing fit, score:context_fid",
        "[2/3] stocks 24 timemar_s: failed: a reason",
        "stocks 24 copy: computing fit, score:context_fid",
        "stopping after the current step…",
    ]


def test_a_runner_tells_all_that_is_planned_first_and_that_it_stops(tmp_path: Path) -> None:
    told: list[str] = []

    class Watcher(Observer):
        def planned(self, cell: Cell, stages: Sequence[str]) -> None:
            told.append(f"planned {cell.generator}: {stages[0]}")

        def started(self, cell: Cell, stages: Sequence[str]) -> None:
            told.append("started")
            raise KeyboardInterrupt

        def stopping(self) -> None:
            told.append("stopping")

    suite = SuiteSpec(
        name="x", datasets=("sines",), generators=("copy", "oracle"), budget="smoke", scores=("dcr_ratio",)
    )
    runner = Runner(Store(tmp_path / "runs").create(), Options(), [Watcher()])
    with pytest.raises(KeyboardInterrupt):
        runner.run(make_plan(suite, Request()))
    assert told == ["planned copy: fit", "planned oracle: fit", "started", "stopping"]


def test_a_report_of_numpy_numbers_is_written_as_any_other(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    report = Reporter(EventWriter(writing), tmp_path / "log.jsonl")
    report(Progress("s", np.int64(3), np.int64(3), {"loss": np.float32(0.5)}))  # type: ignore[arg-type]
    os.close(writing)
    with os.fdopen(reading) as lines:
        assert read_event(lines.readline()) == Event(Kind.PROGRESS, "s", 3, 3, metrics={"loss": 0.5})
    assert json.loads((tmp_path / "log.jsonl").read_text()) == {"stage": "s", "step": 3, "loss": 0.5}
