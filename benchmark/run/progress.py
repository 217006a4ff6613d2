"""Showing the progress of a run: bars with an estimate on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from benchmark.plan.cell import Cell
from benchmark.run.events import Event
from benchmark.run.outcome import Outcome
from benchmark.run.remaining import Remaining
from benchmark.run.runner import Observer
from benchmark.store.owned_lock import Owner
from benchmark.store.records import State

LINE_SECONDS = 30.0
STOPPING = "stopping after the current step…"


class Display(Observer):
    """A progress display, opened and closed around a run."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def cell_name(cell: Cell) -> str:
    """A cell in a few words, with its variant where a suite sets several."""
    seed = f" seed {cell.seed}" if cell.seed else ""
    return f"{cell.dataset.id} {cell.length} {cell.method}{seed}"


def ending(outcome: Outcome) -> str:
    """How a cell ended, in one line."""
    reason = f": {outcome.reason}" if outcome.reason else ""
    cached = " (nothing to compute)" if outcome.state is State.DONE and not outcome.computed else ""
    return f"{cell_name(outcome.cell)}: {outcome.state}{cached}{reason}"


def altered_line(cell: Cell, problem: str) -> str:
    """What was altered, and what becomes of it."""
    return f"{cell_name(cell)}: {problem}; it is not used, and is computed again"


def elsewhere_line(cell: Cell, owner: Owner) -> str:
    """Who computes a cell that this run waits for."""
    host = f" on {owner.host}" if owner.host and not owner.is_here else ""
    return f"{cell_name(cell)}: another run{host} computes it; waiting for it"


def ticker(write: Callable[[str], None]) -> Callable[[str, int, int], None]:
    """A progress callback for work in this process: a line whenever something new begins."""
    last = ""

    def tick(what: str, done: int, total: int) -> None:
        nonlocal last
        del done, total
        if what != last:
            write(what)
            last = what

    return tick


def open_display(total: int, write: Callable[[str], None], remaining: Remaining) -> Display:
    """Bars where standard error is a terminal, lines elsewhere."""
    if not sys.stderr.isatty():
        return LineDisplay(total, write, remaining)
    from rich.console import Console

    from benchmark.run.bars import BarDisplay

    return BarDisplay(total, Console(stderr=True), remaining)


class LineDisplay(Display):
    """One line when a cell starts and ends, and one each half minute between; the estimate, where one is given, before all."""

    def __init__(self, total: int, write: Callable[[str], None], remaining: Remaining | None = None) -> None:
        self.total = total
        self.write = write
        self.remaining = remaining
        self.waiting = 0
        self.ended_cells = 0
        self.shown: dict[str, float] = {}

    def altered(self, cell: Cell, problem: str) -> None:
        """Say what was altered."""
        self.write(altered_line(cell, problem))

    def planned(self, cell: Cell, stages: Sequence[str]) -> None:
        """Count what is to be computed."""
        if self.remaining:
            self.remaining.plan(cell, stages)
            self.waiting += 1

    def elsewhere(self, cell: Cell, owner: Owner) -> None:
        """Say that another run computes a cell."""
        self._begin()
        self.write(elsewhere_line(cell, owner))

    def _begin(self) -> None:
        """Say once how long all of it takes."""
        if self.remaining and self.waiting:
            self.write(f"{self.waiting} of {self.total} cells to compute, {self.remaining.text()}")
            self.waiting = 0

    def started(self, cell: Cell, stages: Sequence[str]) -> None:
        """Say which stages are missing, and before the first cell how long all of them take."""
        self._begin()
        self.write(f"{cell_name(cell)}: computing {', '.join(stages)}")

    def progressed(self, cell: Cell, event: Event) -> None:
        """Say where a cell is, when half a minute has passed."""
        at = self.shown.setdefault(cell.key, time.monotonic())
        if event.total and time.monotonic() - at >= LINE_SECONDS:
            self.write(f"{cell_name(cell)}: {event.stage} {event.step}/{event.total}")
            self.shown[cell.key] = time.monotonic()

    def ended(self, outcome: Outcome) -> None:
        """Say how a cell ended."""
        self.ended_cells += 1
        self.write(f"[{self.ended_cells}/{self.total}] {ending(outcome)}")

    def stopping(self) -> None:
        """Say what an interrupted run waits for."""
        self.write(STOPPING)
