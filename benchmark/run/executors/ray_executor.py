"""The executor of a Ray cluster: one task a cell, which starts the same worker process on its node.

Ray isolates nothing: what a cell may use of a node's memory and accelerator is enforced beside and in its worker process.
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from filelock import Timeout

from benchmark.errors import UserError, first_line, refusal, refused
from benchmark.plan.cell import Cell
from benchmark.run.events import Event, Kind
from benchmark.run.executors.base import OnEvent, Running
from benchmark.run.executors.cell_files import install, needed
from benchmark.run.executors.mailbox import STOP, CellFiles, Mailbox
from benchmark.run.executors.ray_cluster import GPU_MEMORY, connect, import_ray
from benchmark.run.executors.ray_task import Task, compute
from benchmark.run.executors.share import share
from benchmark.run.job import Job, dump_job
from benchmark.run.limits import Limits
from benchmark.store.owned_lock import OwnedLock
from benchmark.store.records import State
from benchmark.store.store import Store

MOST_SHARES = 16
"""The most cells that share an accelerator."""
TEND_SECONDS = 0.2


@dataclass
class RayCell:
    """A cell whose task Ray has, queued or running."""

    job: Job
    attempt: str
    ref: Any
    executor: RayExecutor
    on_event: OnEvent
    lock: OwnedLock | None = None
    """The cell's lock, which the runner holds where the node does not see the store."""

    def stop(self) -> None:
        """Ask for a clean stop after the next checkpoint; a task that still waits for a node is withdrawn."""
        self.executor.order(self, STOP)

    def kill(self) -> None:
        """End the task, and with it the worker process."""
        self.executor.cancel(self, force=True)

    def wait(self, seconds: float) -> bool:
        """Whether the task has ended, waiting for that at most `seconds`."""
        done, _ = self.executor.ray.wait([self.ref], timeout=seconds)
        if done:
            self.executor.settle(self)
        return bool(done)


class RayExecutor:
    """Cells on the nodes of the Ray cluster at `address`; without an address, on a Ray of this machine that ends with the run."""

    def __init__(self, address: str | None, workers: int | None, device: str, limits: Limits) -> None:
        self.ray = import_ray(address)
        self.device = device
        self.limits = limits
        self.cells: dict[str, RayCell] = {}
        self.put: dict[tuple[Path, int, int], Any] = {}
        """References to the content of files that were sent, by path, size and time of change."""
        self.tended_at = 0.0
        connect(self.ray, address, workers, device)
        held = self.ray.cluster_resources()
        self.gpus = held.get("GPU", 0.0)
        if device == "cuda" and not self.gpus:
            self.close()
            raise UserError("--device cuda was asked for, but no node of the Ray cluster has a GPU; use --device cpu.")
        nodes = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
        self.accelerator_mib = min(
            (node[GPU_MEMORY] / node["GPU"] for node in nodes if node.get("GPU") and GPU_MEMORY in node), default=None
        )
        self.node_bytes = max((node.get("memory", 0.0) for node in nodes), default=0.0)
        self.workers = workers or max(1, int(held.get("CPU", 1)))
        self.mailbox = self.ray.remote(num_cpus=0)(Mailbox).remote()
        # Which failures are tried again is the runner's to decide, and a process that has computed a cell computes no other.
        self.compute = self.ray.remote(max_retries=0, max_calls=1)(compute)

    def has_room(self, cell: Cell, running: Sequence[Running], alone: Set[str]) -> bool:
        """Whether a worker is free; Ray lets a cell wait for a node that has what it needs."""
        del cell, alone
        return len(running) < self.workers

    def start(self, job: Job, on_event: OnEvent, *, alone: bool) -> RayCell:
        """Hand a job to Ray."""
        gpu = self.device == "cuda" or (self.device == "auto" and job.cell.needs.gpu and bool(self.gpus))
        part = self._share(job.cell, alone=alone) if gpu else Fraction(0)
        job = replace(
            job,
            store=job.store.resolve(),
            data_dir=job.data_dir.resolve() if job.data_dir else None,
            device="cuda" if gpu else "cpu",
            gpu_share=float(part) if gpu else 1.0,
        )
        attempt = uuid.uuid4().hex
        task = Task(attempt, dump_job(job), Store(job.store).id, self.limits, str(Path.cwd()), _variables())
        ref = self.compute.options(**self._needs(job.cell, part, alone=alone)).remote(task, self.mailbox)
        self.cells[attempt] = RayCell(job, attempt, ref, self, on_event)
        return self.cells[attempt]

    def _share(self, cell: Cell, *, alone: bool) -> Fraction:
        if alone or self.accelerator_mib is None:
            return Fraction(1)
        return share(cell.needs.memory_mib, self.accelerator_mib, MOST_SHARES)

    def _needs(self, cell: Cell, part: Fraction, *, alone: bool) -> dict[str, Any]:
        """What Ray sets aside for a cell; one that ran out of memory beside others has a node's memory to itself."""
        memory = self.node_bytes if alone else min(cell.needs.memory_mib * 2**20, self.node_bytes)
        wanted: dict[str, Any] = {"num_cpus": 1, "num_gpus": float(part), "memory": int(memory)}
        if part and self.accelerator_mib is not None:
            wanted["resources"] = {GPU_MEMORY: int(self.accelerator_mib * part)}
        return wanted

    def poll(self, running: Sequence[Running]) -> None:
        """Pass on what the tasks have reported; raises UserError where the cluster is gone."""
        del running
        now = time.monotonic()
        if now - self.tended_at < TEND_SECONDS or not self.cells:
            return
        self.tended_at = now
        try:
            for attempt, event in self.ray.get(self.mailbox.drain.remote()):
                self._pass_on(attempt, event)
            refs = {cell.ref: cell for cell in self.cells.values()}
            done, _ = self.ray.wait(list(refs), num_returns=len(refs), timeout=0)
        except (self.ray.exceptions.RayError, ConnectionError) as error:
            raise UserError(f"the Ray cluster was lost ({first_line(error)}); give the same command again.") from None
        for ref in done:
            self.settle(refs[ref])

    def _pass_on(self, attempt: str, event: Event) -> None:
        cell = self.cells.get(attempt)
        if cell is None:  # the last events of a task may come after its end
            return
        if event.kind == Kind.NEEDS_FILES:
            self.mailbox.send.remote(attempt, self._files_of(cell))
        elif event.kind != Kind.STARTED:
            cell.on_event(cell, event)

    def _files_of(self, cell: RayCell) -> CellFiles:
        """What a node that does not see the store needs of it; the cell is locked here while it is computed there."""
        lock = Store(cell.job.store).lock(cell.job.cell.key, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            return CellFiles(granted=False)
        cell.lock = lock
        return CellFiles(granted=True, files={name: self._reference(path) for name, path in needed(cell.job).items()})

    def _reference(self, path: Path) -> Any:
        """A reference to a file's content, which goes into the object store once."""
        stat = path.stat()
        key = (path, stat.st_size, stat.st_mtime_ns)
        if key not in self.put:
            self.put[key] = self.ray.put(path.read_bytes())
        return self.put[key]

    def settle(self, cell: RayCell) -> None:
        """Take in what a task that has ended leaves, once."""
        if self.cells.pop(cell.attempt, None) is None:
            return
        event, files = self._ended(cell.ref)
        try:
            if files:
                install(Store(cell.job.store), cell.job.cell, files)
        finally:
            if cell.lock is not None:
                cell.lock.release()
        cell.on_event(cell, event)

    def _ended(self, ref: Any) -> tuple[Event, Mapping[str, bytes]]:
        """The last event of a task and the files that it sends; the event says how Ray lost it where it has none."""
        errors = self.ray.exceptions
        try:
            result = self.ray.get(ref)
            return result.end, result.files
        except errors.OutOfMemoryError as error:
            return _lost(State.OUT_OF_MEMORY, f"ended by Ray, whose node ran out of memory: {first_line(error)}")
        except errors.RayTaskError as error:
            cause = error.cause
            disk = refusal(cause) if isinstance(cause, Exception) else None
            if disk is not None:
                return _lost(State.STORAGE, refused(disk))
            return _lost(State.FAILED, f"the node could not start it: {type(cause).__name__}: {first_line(cause)}")
        except errors.TaskUnschedulableError as error:
            return _lost(State.FAILED, f"no node can run it: {first_line(error)}")
        except errors.RayError as error:
            return _lost(State.KILLED, f"lost with its Ray worker: {first_line(error)}")

    def order(self, cell: RayCell, order: str) -> None:
        """Leave an order for a task; one that still waits for a node is withdrawn instead."""
        # The mailbox knows best: a task that is cancelled just as it ends takes the whole process down with it.
        with contextlib.suppress(self.ray.exceptions.RayError):
            if not self.ray.get(self.mailbox.order.remote(cell.attempt, order)):
                self.cancel(cell, force=False)

    def cancel(self, cell: RayCell, *, force: bool) -> None:
        """Have Ray give up a task that has not ended; its worker process ends with it."""
        # Ray 2.60 ends the whole runner where it cancels a task whose result is still being stored.
        if cell.attempt not in self.cells:
            return
        with contextlib.suppress(self.ray.exceptions.RayError, ValueError):
            self.ray.cancel(cell.ref, force=force)

    def close(self) -> None:
        """Leave the cluster; a Ray of this machine ends."""
        for cell in self.cells.values():
            if cell.lock is not None:
                cell.lock.release()
        self.ray.shutdown()


def _variables() -> dict[str, str]:
    """Variables of the runner that decide what its worker processes find."""
    return {name: value for name, value in os.environ.items() if name == "PYTHONPATH" or name.startswith("TIMEMAR_")}


def _lost(state: State, reason: str) -> tuple[Event, Mapping[str, bytes]]:
    return Event(Kind.END, state=state, reason=reason, crashed=True), {}
