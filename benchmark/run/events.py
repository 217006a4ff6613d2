"""What a child tells its runner: one JSON object a line."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from typing import Any

DONE = "done"
BUSY = "busy"
"""Another runner on the same store is computing the cell."""
STORAGE = "storage"
"""The disk refused a file: the next run tries again."""
LASTING = ("failed", "diverged")
"""Ends that would only repeat themselves. Every other one came from outside, and the next run tries again."""


@dataclass(frozen=True)
class Event:
    """Progress of a stage (`kind` progress) or the end of a child (`kind` end, with `state` and `reason`)."""

    kind: str
    stage: str = ""
    step: int = 0
    total: int = 0
    state: str = ""
    reason: str = ""
    metrics: dict[str, float] = field(default_factory=dict)


class EventWriter:
    """Writes events to a file descriptor that nothing else in the child writes to."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __call__(self, event: Event) -> None:
        """Write one event."""
        os.write(self.descriptor, (json.dumps(asdict(event)) + "\n").encode())


def read_event(line: str) -> Event | None:
    """The event on a line; None for a line that is none, such as one cut off by a kill."""
    try:
        values: Any = json.loads(line)
        return Event(**values)
    except (ValueError, TypeError):
        return None
