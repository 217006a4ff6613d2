"""What a cell may use, and which limit one exceeds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmark.run.executors.worker_process import WorkerProcess
from benchmark.run.group_memory import group_mib
from benchmark.store.records import State

MEASURE_SECONDS = 1.0


@dataclass(frozen=True)
class Limits:
    """Seconds of wall time and MiB of memory of a worker with everything that it started; None is no limit."""

    seconds: float
    memory_mib: float | None = None


class Guard:
    """Ends the whole process group of a worker that exceeds a limit; the cell's row says which."""

    def __init__(self, limits: Limits, memory_of: Callable[[int], float] = group_mib) -> None:
        self.limits = limits
        self.memory_of = memory_of
        self.measured_at = 0.0

    def enforce(self, workers: Sequence[WorkerProcess]) -> None:
        """End what exceeds its limit; memory is measured once a second."""
        now = time.monotonic()
        for worker in workers:
            if worker.exceeded is None and now - worker.started > self.limits.seconds:
                reason = f"killed after its limit of {now - worker.started:.0f} s"
                worker.kill((State.TIMEOUT, reason))
        if self.limits.memory_mib is None or now - self.measured_at < MEASURE_SECONDS:
            return
        self.measured_at = now
        for worker in workers:
            held = self.memory_of(worker.process.pid)
            if worker.exceeded is None and held > self.limits.memory_mib:
                reason = f"killed at its memory limit of {self.limits.memory_mib:,.0f} MiB with {held:,.0f} MiB"
                worker.kill((State.OUT_OF_MEMORY, reason))
