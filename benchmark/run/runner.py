"""The runner: gives each unfinished cell to a worker process, and records how each one ended."""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.plan.cell import Cell
from benchmark.plan.planner import Plan
from benchmark.run.events import Event
from benchmark.run.job import Job
from benchmark.run.worker_process import WorkerProcess
from benchmark.store.records import PERMANENT_FAILURES, State, Status
from benchmark.store.status import CellState, all_stages
from benchmark.store.store import Store

GRACE_SECONDS = 20.0
BUSY_SECONDS = 2.0
Order = Callable[[Cell, Sequence[str]], float]
"""By cell and missing stages, a number that is larger for cells to start earlier."""


@dataclass(frozen=True)
class Options:
    """How to run a plan; `force` computes finished cells again, whose results stay until new ones are there."""

    device: str = "cpu"
    workers: int = 1
    data_dir: Path | None = None
    retry_failed: bool = False
    force: bool = False
    checkpoint_seconds: float = 20.0


@dataclass(frozen=True)
class Outcome:
    """How a cell stands after a run."""

    cell: Cell
    state: State
    reason: str = ""
    stage: str = ""
    computed: bool = False

    @property
    def failed(self) -> bool:
        """Whether the cell has no results that it could have."""
        return self.state not in (State.DONE, State.SKIPPED)


class Observer:
    """A receiver of what happens in a run, such as a progress display or a tracker; by default it ignores everything."""

    def altered(self, cell: Cell, problem: str) -> None:
        """A record or file of a cell was altered after it was written; it is computed again."""

    def planned(self, cell: Cell, stages: Sequence[str]) -> None:
        """A cell has unfinished stages; told for every such cell before the first is started."""

    def started(self, cell: Cell, stages: Sequence[str]) -> None:
        """A worker was started for a cell's unfinished stages."""

    def progressed(self, cell: Cell, event: Event) -> None:
        """A worker reported progress."""

    def ended(self, outcome: Outcome) -> None:
        """A cell is finished, has failed, or needs no worker."""

    def stopping(self) -> None:
        """The run was interrupted; every worker stops after its current step and saves its state."""


def _plan_order(cell: Cell, stages: Sequence[str]) -> float:
    del cell, stages
    return 0.0


class Runner:
    """Runs the missing cells of a plan; a failure of one cell never touches another."""

    def __init__(self, store: Store, options: Options, observers: Sequence[Observer]) -> None:
        self.store = store
        self.options = options
        self.observers = observers
        self.events: queue.Queue[tuple[WorkerProcess, Event]] = queue.Queue()
        self.running: list[WorkerProcess] = []

    def run(self, plan: Plan, order: Order = _plan_order) -> list[Outcome]:
        """One outcome a cell, in the plan's order.

        Raises:
            KeyboardInterrupt, OSError: An interrupt, or a disk that refuses the runner's files; raised after every worker has
                saved its state and ended.
        """
        outcomes: dict[str, Outcome] = {}
        waiting: deque[tuple[Cell, float]] = deque()
        priorities: dict[str, float] = {}
        for cell in plan.cells:
            state = self.store.state(cell, plan.score_names, verify=True)
            for problem in state.problems:
                self._tell("altered", cell, problem)
            missing = all_stages(plan.score_names) if self.options.force else state.missing
            settled = self._settled(cell, state, missing)
            if settled:
                outcomes[cell.key] = settled
                self._tell("ended", settled)
            else:
                waiting.append((cell, 0.0))
                priorities[cell.key] = order(cell, missing)
                self._tell("planned", cell, missing)
        waiting = deque(sorted(waiting, key=lambda pair: -priorities[pair[0].key]))
        try:
            while waiting or self.running:
                self._start_due(waiting, plan.score_names)
                self._enforce(plan.time_limit)
                outcome = self._next_outcome()
                if outcome is None:
                    continue
                if outcome.state is State.BUSY:
                    waiting.append((outcome.cell, time.monotonic() + BUSY_SECONDS))
                    continue
                outcomes[outcome.cell.key] = outcome
                self._tell("ended", outcome)
        except (KeyboardInterrupt, OSError):
            self._stop_all()
            raise
        finally:
            for worker in self.running:
                worker.kill()
        return [outcomes[cell.key] for cell in plan.cells]

    def _tell(self, what: str, *values: object) -> None:
        for observer in self.observers:
            getattr(observer, what)(*values)

    def _settled(self, cell: Cell, state: CellState, missing: Sequence[str]) -> Outcome | None:
        """The outcome of a cell that needs no worker: finished, impossible here, or failed in a way that would only repeat."""
        if not missing:
            return Outcome(cell, State.DONE)
        if cell.skip:
            return Outcome(cell, State.SKIPPED, cell.skip, "data")
        status = state.status
        # A score that does not apply to these windows never will.
        inapplicable = status.state is State.SKIPPED and status.stage.startswith("score:")
        # A failed score says nothing about scores that were not asked for then.
        concerned = not status.stage.startswith("score:") or status.stage in missing
        retry = self.options.retry_failed or self.options.force
        if (status.state in PERMANENT_FAILURES or inapplicable) and concerned and not retry:
            return Outcome(cell, status.state, status.reason, status.stage)
        return None

    def _start_due(self, waiting: deque[tuple[Cell, float]], scores: tuple[str, ...]) -> None:
        for _ in range(len(waiting)):
            if len(self.running) >= self.options.workers:
                return
            cell, due = waiting.popleft()
            if due > time.monotonic():
                waiting.append((cell, due))
                continue
            stages = all_stages(scores) if self.options.force else self.store.state(cell, scores).missing
            self._tell("started", cell, stages)
            job = Job(
                cell,
                scores,
                self.store.root,
                self.options.device,
                self.options.data_dir,
                self.options.checkpoint_seconds,
                self.options.force,
            )
            self.running.append(WorkerProcess(job, lambda worker, event: self.events.put((worker, event))))

    def _enforce(self, limit: float) -> None:
        for worker in self.running:
            if not worker.timed_out and time.monotonic() - worker.started > limit:
                worker.kill(timed_out=True)

    def _next_outcome(self) -> Outcome | None:
        """Wait a moment for an event; the outcome if it was the end of a worker."""
        try:
            worker, event = self.events.get(timeout=0.2)
        except queue.Empty:
            return None
        cell = worker.job.cell
        if event.kind != "end":
            self._tell("progressed", cell, event)
            return None
        self.running.remove(worker)
        worker.process.wait()
        if event.crashed:
            self._record_crash(worker, event)
        return Outcome(cell, event.state, event.reason, event.stage, computed=event.state is State.DONE)

    def _record_crash(self, worker: WorkerProcess, event: Event) -> None:
        """Write the status that a crashed worker could not write, with the end of its output."""
        folder = self.store.cell(worker.job.cell)
        folder.write_status(Status(state=event.state, reason=event.reason, stage=event.stage))
        tail = worker.log.read_text(encoding="utf-8", errors="replace")[-4000:]
        (folder.path / "error.txt").write_text(f"{event.reason}\n{tail}", encoding="utf-8")
        folder.note(event.stage, event.state)

    def _stop_all(self) -> None:
        self._tell("stopping")
        for worker in self.running:
            worker.stop()
        deadline = time.monotonic() + GRACE_SECONDS
        for worker in self.running:
            while worker.process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
