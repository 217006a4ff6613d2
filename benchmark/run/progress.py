"""Showing the progress of a run: bars with an estimate on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from benchmark.plan.cell import Cell
from benchmark.run.events import Event
from benchmark.run.outcome import Outcome
from benchmark.run.runner import Observer
from benchmark.store.records import State

if TYPE_CHECKING:
    from rich.console import Console

LINE_SECONDS = 30.0


class Display(Observer):
    """A progress display, opened and closed around a run."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def cell_name(cell: Cell) -> str:
    """A cell in a few words."""
    seed = f" seed {cell.seed}" if cell.seed else ""
    return f"{cell.dataset.id} {cell.length} {cell.generator}{seed}"


def ending(outcome: Outcome) -> str:
    """How a cell ended, in one line."""
    reason = f": {outcome.reason}" if outcome.reason else ""
    cached = " (nothing to compute)" if outcome.state is State.DONE and not outcome.computed else ""
    return f"{cell_name(outcome.cell)}: {outcome.state}{cached}{reason}"


def _altered(cell: Cell, problem: str) -> str:
    return f"{cell_name(cell)}: {problem}; it is not used, and is computed again"


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


def open_display(total: int, write: Callable[[str], None]) -> Display:
    """Bars where standard error is a terminal, lines elsewhere."""
    if not sys.stderr.isatty():
        return LineDisplay(total, write)
    from rich.console import Console

    return BarDisplay(total, Console(stderr=True))


class LineDisplay(Display):
    """One line when a cell starts and ends, and one each half minute between."""

    def __init__(self, total: int, write: Callable[[str], None]) -> None:
        self.total = total
        self.write = write
        self.ended_cells = 0
        self.shown: dict[str, tuple[str, float]] = {}

    def altered(self, cell: Cell, problem: str) -> None:
        """Say what was altered."""
        self.write(_altered(cell, problem))

    def started(self, cell: Cell, stages: Sequence[str]) -> None:
        """Say which stages are missing."""
        self.write(f"{cell_name(cell)}: computing {', '.join(stages)}")

    def progressed(self, cell: Cell, event: Event) -> None:
        """Say where a cell is, when half a minute has passed."""
        _, at = self.shown.get(cell.key, ("", time.monotonic()))
        if time.monotonic() - at >= LINE_SECONDS:
            self.write(f"{cell_name(cell)}: {event.stage} {event.step}/{event.total}")
            at = time.monotonic()
        self.shown[cell.key] = (event.stage, at)

    def ended(self, outcome: Outcome) -> None:
        """Say how a cell ended."""
        self.ended_cells += 1
        self.write(f"[{self.ended_cells}/{self.total}] {ending(outcome)}")


class BarDisplay(Display):
    """A bar for the suite with an estimate of the time left, and one for each running cell."""

    def __init__(self, total: int, console: Console) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self.console = console
        self.bars = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
            console=console,
        )  # fmt: skip
        self.suite = self.bars.add_task("cells", total=total)
        self.cells: dict[str, tuple[object, str]] = {}

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bars.stop()

    def altered(self, cell: Cell, problem: str) -> None:
        """Say what was altered."""
        self.console.print(_altered(cell, problem), markup=False, highlight=False)

    def started(self, cell: Cell, stages: Sequence[str]) -> None:
        """Open a bar."""
        self.cells[cell.key] = (self.bars.add_task(cell_name(cell), total=None), "")

    def progressed(self, cell: Cell, event: Event) -> None:
        """Move a cell's bar; a new stage starts it afresh so that its estimate is that stage's own."""
        bar, stage = self.cells[cell.key]
        if stage != event.stage:
            self.bars.reset(bar, total=event.total, description=f"{cell_name(cell)}: {event.stage}")  # type: ignore[arg-type]
            self.cells[cell.key] = (bar, event.stage)
        self.bars.update(bar, completed=event.step, total=event.total)  # type: ignore[arg-type]

    def ended(self, outcome: Outcome) -> None:
        """Close a cell's bar and leave a line."""
        bar, _ = self.cells.pop(outcome.cell.key, (None, ""))
        if bar is not None:
            self.bars.remove_task(bar)  # type: ignore[arg-type]
        self.bars.advance(self.suite)
        self.console.print(ending(outcome), markup=False, highlight=False)
