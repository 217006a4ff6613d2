"""What runs on a node of a Ray cluster: the worker process of one cell, its limits, its events and orders."""

from __future__ import annotations

import contextlib
import queue
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.run.events import Event, Kind
from benchmark.run.executors.cell_files import is_seen, results, unpack
from benchmark.run.executors.mailbox import STOP, CellFiles
from benchmark.run.executors.worker_process import WorkerProcess
from benchmark.run.job import Job, parse_job
from benchmark.run.limits import Guard, Limits
from benchmark.store.records import State

EXCHANGE_SECONDS = 0.5
Exchange = Callable[[Sequence[Event]], str]
"""Hands events to the runner; its answer is the order for this attempt."""


@dataclass(frozen=True)
class Task:
    """One attempt at a cell, as Ray carries it to a node.

    Attributes:
        attempt: A name of its own among all attempts of a run.
        job: The job as one line.
        store: The name of the store.
        limits: What the cell may use.
        folder: The runner's current folder; plug-ins may lie in it.
        environment: Variables of the runner that the worker process needs.
    """

    attempt: str
    job: str
    store: str
    limits: Limits
    folder: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Result:
    """How an attempt ended; where the node does not see the store, the cell's files by their path in it."""

    end: Event
    files: Mapping[str, bytes] = field(default_factory=dict)


WITHDRAWN = Result(Event(Kind.END, state=State.INTERRUPTED, reason="stopped before its start"))
"""The end of an attempt whose order to stop was there before it began."""


def compute(task: Task, mailbox: Any) -> Result:
    """Compute a cell in a worker process, in the store or, where the node does not see it, in one of its own."""
    import ray

    def exchange(events: Sequence[Event]) -> str:
        return str(ray.get(mailbox.exchange.remote(task.attempt, list(events))))

    job = parse_job(task.job)
    if is_seen(job.store, task.store):
        if exchange([Event(Kind.STARTED)]) == STOP:
            return WITHDRAWN
        return Result(attend(task, job, exchange))
    exchange([Event(Kind.NEEDS_FILES)])
    given: CellFiles | None = None
    while given is None:
        if exchange([]) == STOP:
            return WITHDRAWN
        time.sleep(EXCHANGE_SECONDS)
        given = ray.get(mailbox.receive.remote(task.attempt))
    if not given.granted:
        return Result(Event(Kind.END, state=State.BUSY, reason="another runner is computing this cell"))
    files = dict(zip(given.files, ray.get(list(given.files.values())), strict=True))
    with tempfile.TemporaryDirectory(prefix="timemar-") as folder:
        there = unpack(job, files, Path(folder))
        return Result(attend(task, there, exchange), results(there))


def attend(task: Task, job: Job, exchange: Exchange) -> Event:
    """Start the worker process of a job and pass events and orders on until it ends; its last event."""
    events: queue.Queue[Event] = queue.Queue()
    folder = Path(task.folder) if Path(task.folder).is_dir() else None
    worker = WorkerProcess(job, lambda _, event: events.put(event), folder=folder, environment=task.environment)
    guard = Guard(task.limits)
    asked, exchanged = False, 0.0
    waiting: list[Event] = []
    try:
        while True:
            with contextlib.suppress(queue.Empty):
                event = events.get(timeout=0.1)
                if event.kind == Kind.END:
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
