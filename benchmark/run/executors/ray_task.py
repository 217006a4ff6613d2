"""What runs on a node of a Ray cluster: the worker process of one cell, its limits, its events and orders."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.run.events import Event
from benchmark.run.executors.mailbox import STOP
from benchmark.run.executors.worker_process import WorkerProcess
from benchmark.run.job import Job, parse_job
from benchmark.run.limits import Guard, Limits

EXCHANGE_SECONDS = 0.5
Exchange = Callable[[Sequence[Event]], str]
"""Hands events to the runner; its answer is the order for this attempt."""


@dataclass(frozen=True)
class Task:
    """One attempt at a cell, as Ray carries it to a node.

    Attributes:
        attempt: A name of its own among all attempts of a run.
        job: The job as one line.
        limits: What the cell may use.
        folder: The runner's current folder; plug-ins may lie in it.
        environment: Variables of the runner that the worker process needs.
    """

    attempt: str
    job: str
    limits: Limits
    folder: str
    environment: Mapping[str, str]


def compute(task: Task, mailbox: Any) -> Event:
    """Compute a cell in a worker process; its last event."""
    import ray

    def exchange(events: Sequence[Event]) -> str:
        return str(ray.get(mailbox.exchange.remote(task.attempt, list(events))))

    exchange([])
    return attend(task, parse_job(task.job), exchange)


def attend(task: Task, job: Job, exchange: Exchange) -> Event:
    """Start the worker process of a job and pass events and orders on until it ends; its last event."""
    events: queue.Queue[Event] = queue.Queue()
    folder = Path(task.folder) if Path(task.folder).is_dir() else None
    worker = WorkerProcess(job, lambda _, event: events.put(event), folder=folder, environment=task.environment)
    guard = Guard(task.limits)
    asked, exchanged, waiting = False, 0.0, []
    try:
        while True:
            with contextlib.suppress(queue.Empty):
                event = events.get(timeout=0.1)
                if event.kind == "end":
                    exchange(waiting)
                    return event
                waiting.append(event)
            guard.enforce([worker])
            if time.monotonic() - exchanged >= EXCHANGE_SECONDS:
                order, exchanged, waiting = exchange(waiting), time.monotonic(), []
                if order == STOP and not asked:
                    asked = True
                    worker.stop()
    finally:
        worker.kill()
