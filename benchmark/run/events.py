"""The messages of a worker to its runner: one JSON object a line."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from benchmark.store.records import State


class Kind(StrEnum):
    """What an event tells of."""

    STAGE = "stage"
    """A stage begins."""
    PROGRESS = "progress"
    """Steps of a stage, or of a part of it, are done."""
    ALTERED = "altered"
    """A file was found altered."""
    END = "end"
    """The last event of a worker."""
    STARTED = "started"
    """The first event of a Ray task on a node that sees the store's files."""
    NEEDS_FILES = "needs files"
    """A Ray task does not see the store's files, and waits for those that it needs."""


@dataclass(frozen=True)
class Event:
    """What a worker tells its runner."""

    kind: Kind
    stage: str = ""
    step: int = 0
    total: int = 0
    state: State = State.RUNNING
    reason: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    crashed: bool = False
    """Set outside the worker: it ended without writing the cell's status."""
    exceeded: bool = False
    """Set outside the worker: it was ended for a limit of its own."""


class EventWriter:
    """Writes events to a file descriptor that nothing else in the worker writes to."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __call__(self, event: Event) -> None:
        """Write one event."""
        os.write(self.descriptor, (json.dumps(asdict(event)) + "\n").encode())


def read_event(line: str) -> Event | None:
    """The event on a line; None for a line that is none, such as one cut off by a kill."""
    try:
        values: Any = json.loads(line)
        return Event(**{**values, "kind": Kind(values["kind"]), "state": State(values["state"])})
    except (ValueError, TypeError, KeyError):
        return None
