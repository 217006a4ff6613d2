"""The executor of this machine: worker processes as children of the runner."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from fractions import Fraction
from typing import cast

from benchmark.plan.cell import Cell
from benchmark.run.executors.base import OnEvent, Running
from benchmark.run.executors.share import share
from benchmark.run.executors.worker_process import WorkerProcess
from benchmark.run.job import Job
from benchmark.run.limits import Guard, Limits


class LocalExecutor:
    """At most `workers` cells at a time; on an accelerator each has the share of it that its memory needs."""

    def __init__(self, workers: int, limits: Limits, accelerator_mib: float | None = None) -> None:
        self.workers = workers
        self.guard = Guard(limits)
        self.accelerator_mib = accelerator_mib
        """Memory of the accelerator that cells compute on; None on the CPU."""

    def has_room(self, cell: Cell, running: Sequence[Running], alone: Set[str]) -> bool:
        """Whether a worker is free, and room on the accelerator."""
        others = [one.job.cell for one in running]
        if len(others) >= self.workers or (others and (cell.key in alone or any(one.key in alone for one in others))):
            return False
        return sum(map(self._share, others), self._share(cell)) <= 1

    def _share(self, cell: Cell) -> Fraction:
        if self.accelerator_mib is None:
            return Fraction(0)
        return share(cell.needs.memory_mib, self.accelerator_mib, self.workers)

    def start(self, job: Job, on_event: OnEvent, *, alone: bool) -> WorkerProcess:
        """Start a worker process; beside others it has no more of the accelerator's memory than its share."""
        if self.accelerator_mib is not None and not alone:
            job = replace(job, gpu_share=float(self._share(job.cell)))
        return WorkerProcess(job, on_event)

    def poll(self, running: Sequence[Running]) -> None:
        """End what exceeds a limit."""
        self.guard.enforce(cast(Sequence[WorkerProcess], running))

    def close(self) -> None:
        """Nothing is held."""
