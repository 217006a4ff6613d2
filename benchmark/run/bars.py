"""The progress of a run on a terminal: a bar for the suite with the time left of all of it, and one for each running cell."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from benchmark.plan.cell import Cell
from benchmark.run.events import Event
from benchmark.run.outcome import Outcome
from benchmark.run.progress import STOPPING, Display, altered_line, cell_name, elsewhere_line, ending
from benchmark.run.remaining import Remaining
from benchmark.store.history import duration
from benchmark.store.owned_lock import Owner

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

NARROW = 90
"""Below so many columns bars are short, to leave room for words."""
SHORT, LONG = 8, 28
"""Characters of a bar on a narrow and on a wide terminal."""
ESTIMATE_SECONDS = 0.5
"""How often the estimate is worked out."""


@dataclass
class _Bar:
    """A running cell's bar, and the stage that it shows."""

    task: TaskID
    stage: str = ""


class BarDisplay(Display):
    """Bars with estimates, the loss beside a training's bar, and a line above them for each cell that has ended."""

    def __init__(self, total: int, console: Console, remaining: Remaining) -> None:
        from rich.console import Group
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeElapsedColumn
        from rich.table import Column
        from rich.text import Text

        bar = SHORT if console.width < NARROW else LONG

        class Name(TextColumn):
            """The one column that is cut where the terminal is too narrow: the others keep their width."""

            def render(self, task: Task) -> Text:
                text = super().render(task)
                text.no_wrap, text.overflow = True, "ellipsis"
                return text

        def name(template: str) -> Name:
            return Name(template, table_column=Column(), markup=False)

        def text(template: str) -> TextColumn:
            return TextColumn(template, table_column=Column(no_wrap=True), markup=False)

        counts = MofNCompleteColumn(table_column=Column(no_wrap=True))

        self.console, self.remaining = console, remaining
        self.whole = Progress(
            name("{task.description}"), BarColumn(bar), counts, TimeElapsedColumn(), text("{task.fields[left]}"),
            console=console,
        )  # fmt: skip
        self.parts = Progress(
            name("  {task.description}"), BarColumn(bar), counts, text("{task.fields[left]}"),
            text("{task.fields[loss]}"), console=console,
        )  # fmt: skip
        self.suite = self.whole.add_task("cells", total=total, left=_Words(remaining.text))
        self.bars: dict[str, _Bar] = {}
        self.live = Live(Group(self.whole, self.parts), console=console, refresh_per_second=4)

    def __enter__(self) -> Self:
        self.live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bar in self.bars.values():
            self.parts.remove_task(bar.task)
        self.whole.update(self.suite, description="cells", left="")
        self.live.stop()

    def altered(self, cell: Cell, problem: str) -> None:
        """Say what was altered."""
        self._line(altered_line(cell, problem))

    def planned(self, cell: Cell, stages: Sequence[str]) -> None:
        """Take a cell into the estimate."""
        self.remaining.plan(cell, stages)

    def elsewhere(self, cell: Cell, owner: Owner) -> None:
        """Say that another run computes a cell."""
        self._line(elsewhere_line(cell, owner))

    def started(self, cell: Cell, stages: Sequence[str]) -> None:
        """Open a bar."""
        self.remaining.start(cell, stages)
        left = _Words(lambda: _left(self.remaining.cell_seconds(cell)))
        task = self.parts.add_task(f"{cell_name(cell)}: starting", total=None, left=left, loss="")
        self.bars[cell.key] = _Bar(task)

    def progressed(self, cell: Cell, event: Event) -> None:
        """Move a cell's bar, which starts afresh with each stage; the first metric that a training reports is its loss."""
        self.remaining.progress(cell, event.stage, event.step, event.total)
        bar = self.bars[cell.key]
        if bar.stage != event.stage:
            bar.stage = event.stage
            name = event.stage.removeprefix("score:").replace("prepare:", "preparing ")
            self.parts.reset(bar.task, total=event.total or None, description=f"{cell_name(cell)}: {name}")
            self.parts.update(bar.task, loss="")
        shown: dict[str, Any] = {"completed": event.step, "total": event.total or None}
        for name, value in list(event.metrics.items())[:1]:
            shown["loss"] = f"{name} {value:.3g}"
        self.parts.update(bar.task, **shown)

    def ended(self, outcome: Outcome) -> None:
        """Close a cell's bar and leave a line."""
        self.remaining.end(outcome.cell, computed=outcome.computed)
        bar = self.bars.pop(outcome.cell.key, None)
        if bar is not None:
            self.parts.remove_task(bar.task)
        self.whole.advance(self.suite)
        self._line(ending(outcome))

    def stopping(self) -> None:
        """Say what an interrupted run waits for."""
        self.whole.update(self.suite, description=STOPPING, left="")
        for bar in self.bars.values():
            self.parts.update(bar.task, left="")
        self.live.refresh()

    def _line(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False)


class _Words:
    """Words that are worked out again when they are shown, at most so often."""

    def __init__(self, words: Callable[[], str]) -> None:
        self.words = words
        self.at = float("-inf")
        self.last = ""

    def __format__(self, _: str) -> str:
        now = time.monotonic()
        if now - self.at >= ESTIMATE_SECONDS:
            self.at, self.last = now, self.words()
        return self.last


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f"~{duration(seconds)}"
