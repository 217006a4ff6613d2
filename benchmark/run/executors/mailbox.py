"""What the runner and the tasks of a Ray cluster tell each other while cells are computed."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.run.events import Event

STOP = "stop"
"""The order to stop cleanly after the next checkpoint."""


class Mailbox:
    """Events of each attempt at a cell for the runner, and the runner's last order for each; a Ray actor."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Event]] = []
        self.orders: dict[str, str] = {}

    def exchange(self, attempt: str, events: Sequence[Event]) -> str:
        """Take the events of an attempt; the order for it, "" where there is none."""
        self.events += [(attempt, event) for event in events]
        return self.orders.get(attempt, "")

    def drain(self) -> list[tuple[str, Event]]:
        """Every event since the last call, oldest first."""
        events, self.events = self.events, []
        return events

    def order(self, attempt: str, order: str) -> None:
        """Leave an order for an attempt."""
        self.orders[attempt] = order
