"""What the runner and the tasks of a Ray cluster tell each other while cells are computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmark.run.events import Event

STOP = "stop"
"""The order to stop cleanly after the next checkpoint."""


@dataclass(frozen=True)
class CellFiles:
    """The answer to a task that needs files: references to files by their path, or none where another runner has the cell."""

    granted: bool
    files: Mapping[str, Any] = field(default_factory=dict)


class Mailbox:
    """Events of each attempt at a cell for the runner, and the runner's last order for each; a Ray actor."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Event]] = []
        self.orders: dict[str, str] = {}
        self.files: dict[str, CellFiles] = {}
        self.begun: set[str] = set()

    def exchange(self, attempt: str, events: Sequence[Event]) -> str:
        """Take the events of an attempt; the order for it, "" where there is none."""
        self.begun.add(attempt)
        self.events += [(attempt, event) for event in events]
        return self.orders.get(attempt, "")

    def drain(self) -> list[tuple[str, Event]]:
        """Every event since the last call, oldest first."""
        events, self.events = self.events, []
        return events

    def order(self, attempt: str, order: str) -> bool:
        """Leave an order for an attempt; whether its task has begun, and so will read it."""
        self.orders[attempt] = order
        return attempt in self.begun

    def send(self, attempt: str, files: CellFiles) -> None:
        """Leave the files for an attempt."""
        self.files[attempt] = files

    def receive(self, attempt: str) -> CellFiles | None:
        """The files for an attempt; None while there are none."""
        return self.files.pop(attempt, None)
