"""What the runner asks of an executor, whichever machines its worker processes are on."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Protocol

from benchmark.plan.cell import Cell
from benchmark.run.events import Event
from benchmark.run.job import Job


class Running(Protocol):
    """A cell that is under way."""

    @property
    def job(self) -> Job:
        """Its job."""

    def stop(self) -> None:
        """Ask for a clean stop after the next checkpoint."""

    def kill(self) -> None:
        """End it and whatever it started, at once."""

    def wait(self, seconds: float) -> bool:
        """Whether it has ended, waiting for that at most `seconds`."""


OnEvent = Callable[[Running, Event], None]
"""Called from a thread of the executor with each event of a cell; the last one has the kind `end`."""


class Executor(Protocol):
    """Starts a worker process for each job, and ends those that exceed a limit of theirs."""

    @property
    def workers(self) -> int:
        """Cells at a time."""

    def has_room(self, cell: Cell, running: Sequence[Running], alone: Set[str]) -> bool:
        """Whether a cell may start beside those that run; `alone` holds the keys of cells that share nothing."""

    def start(self, job: Job, on_event: OnEvent, *, alone: bool) -> Running:
        """Start a worker process for a job; raises OSError where the disk refuses its log."""

    def poll(self, running: Sequence[Running]) -> None:
        """Look after the cells that run; called several times a second."""

    def close(self) -> None:
        """Give back what the executor holds beside its cells, which have ended."""
