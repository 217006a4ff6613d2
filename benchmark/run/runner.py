"""The runner: gives each unfinished cell to a worker process, and records how each one ended."""

from __future__ import annotations

import contextlib
import queue
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from benchmark.plan.cell import Cell
from benchmark.plan.planner import Plan
from benchmark.run.events import Event, Kind
from benchmark.run.executors.base import Executor, Running
from benchmark.run.executors.local import LocalExecutor
from benchmark.run.job import Job
from benchmark.run.limits import Limits
from benchmark.run.outcome import Outcome, settled
from benchmark.run.retries import Repeated, Retries
from benchmark.store.altered import set_aside_altered
from benchmark.store.owned_lock import Owner
from benchmark.store.records import State, Status
from benchmark.store.shared_fit import fit_digest
from benchmark.store.status import CellState, all_stages
from benchmark.store.store import Store

GRACE_SECONDS = 20.0
BUSY_SECONDS = 2.0
Order = Callable[[Cell, Sequence[str]], float]
"""By cell and missing stages, a number that is larger for cells to start earlier."""


@dataclass(frozen=True)
class RayOptions:
    """A Ray cluster; without an address one of this machine, and as many cells at a time as it has CPUs unless given."""

    address: str | None = None
    workers: int | None = None


@dataclass(frozen=True)
class Options:
    """How to run a plan; `force` computes finished cells again, whose results stay until new ones are there."""

    device: str = "cpu"
    workers: int = 1
    data_dir: Path | None = None
    retry_failed: bool = False
    force: bool = False
    memory_mib: float | None = None
    """The most memory of a cell's processes together."""
    gpu_memory_mib: float | None = None
    """The most memory of the accelerator that PyTorch takes for a cell."""
    stop_after: int | None = None
    """Equal failures of a generator after which its other cells wait."""
    accelerator_mib: float | None = None
    """Memory of this machine's accelerator, which cells on it share."""
    ray: RayOptions | None = None
    """Where cells are computed on a Ray cluster instead of this machine alone."""


class Observer:
    """A receiver of what happens in a run, such as a progress display or a tracker; by default it ignores everything."""

    def altered(self, cell: Cell, problem: str) -> None:
        """A record or file of a cell was altered after it was written; it is computed again."""

    def planned(self, cell: Cell, stages: Sequence[str]) -> None:
        """A cell has unfinished stages; told for every such cell before the first is started."""

    def elsewhere(self, cell: Cell, owner: Owner) -> None:
        """Another run computes a cell, and this one waits for it; told once a cell."""

    def started(self, cell: Cell, stages: Sequence[str]) -> None:
        """A worker was started for a cell's unfinished stages."""

    def progressed(self, cell: Cell, event: Event) -> None:
        """A worker reported progress."""

    def ended(self, outcome: Outcome) -> None:
        """A cell is finished, has failed, or needs no worker."""

    def stopping(self) -> None:
        """The run was interrupted; every worker stops after its current step and saves its state."""


def local_executor(options: Options, limits: Limits) -> Executor:
    """The executor of this machine."""
    return LocalExecutor(options.workers, limits, options.accelerator_mib)


def _plan_order(cell: Cell, stages: Sequence[str]) -> float:
    del cell, stages
    return 0.0


class Runner:
    """Runs the missing cells of a plan; a failure of one cell never touches another."""

    def __init__(
        self,
        store: Store,
        options: Options,
        observers: Sequence[Observer],
        open_executor: Callable[[Options, Limits], Executor] = local_executor,
    ) -> None:
        self.store = store
        self.options = options
        self.observers = observers
        self.open_executor = open_executor
        self.events: queue.Queue[tuple[Running, Event]] = queue.Queue()
        self.running: list[Running] = []
        self.told: set[str] = set()
        self.elsewhere: set[str] = set()
        self.retries = Retries(options.workers)
        self.repeated = Repeated(options.stop_after)

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
                for observer in self.observers:
                    observer.altered(cell, problem)
            missing = all_stages(plan.score_names) if self.options.force else state.missing
            outcome = settled(cell, state, missing, retry=self.options.retry_failed or self.options.force)
            if outcome:
                self._set_aside_altered(cell, state)
                outcomes[cell.key] = outcome
                self._end(outcome)
            else:
                waiting.append((cell, 0.0))
                priorities[cell.key] = order(cell, missing)
                for observer in self.observers:
                    observer.planned(cell, missing)
        waiting = deque(sorted(waiting, key=lambda pair: -priorities[pair[0].key]))
        if waiting:
            executor = self.open_executor(self.options, Limits(plan.time_limit, self.options.memory_mib))
            self.retries = Retries(executor.workers)
            with contextlib.closing(executor):
                self._compute(waiting, plan.score_names, executor, outcomes)
        return [outcomes[cell.key] for cell in plan.cells]

    def _compute(
        self,
        waiting: deque[tuple[Cell, float]],
        scores: tuple[str, ...],
        executor: Executor,
        outcomes: dict[str, Outcome],
    ) -> None:
        """Compute cells until none waits or runs, and add their outcomes by key."""
        try:
            while waiting or self.running:
                for ended in self._start_due(waiting, scores, executor):
                    outcomes[ended.cell.key] = ended
                    self._end(ended)
                executor.poll(self.running)
                outcome = self._next_outcome(waiting)
                if outcome is not None:
                    outcomes[outcome.cell.key] = outcome
                    self._end(outcome)
        except (KeyboardInterrupt, OSError):
            self._stop_all()
            raise
        finally:
            for worker in self.running:
                worker.kill()

    def _end(self, outcome: Outcome) -> None:
        self.repeated.count(outcome)
        for observer in self.observers:
            observer.ended(outcome)

    def _set_aside_altered(self, cell: Cell, state: CellState) -> None:
        """Set aside what was altered of a cell that needs no worker, unless another runner has it."""
        if state.problems:
            with contextlib.suppress(Timeout), self.store.lock(cell.key, timeout=0):
                set_aside_altered(self.store, cell)

    def _start_due(
        self, waiting: deque[tuple[Cell, float]], scores: tuple[str, ...], executor: Executor
    ) -> Iterator[Outcome]:
        """Start what there is room for; the outcomes of cells whose generator failed too often or that others have ended."""
        alone = self.retries.alone
        for _ in range(len(waiting)):
            if len(self.running) >= executor.workers:
                return
            cell, due = waiting.popleft()
            if outcome := self.repeated.waits(cell):
                yield outcome
                continue
            if due > time.monotonic() or not executor.has_room(cell, self.running, alone):
                waiting.append((cell, due))
                continue
            if owner := self.store.owner(cell.key):
                if cell.key not in self.elsewhere:
                    self.elsewhere.add(cell.key)
                    for observer in self.observers:
                        observer.elsewhere(cell, owner)
                waiting.append((cell, time.monotonic() + BUSY_SECONDS))
                continue
            state = self.store.state(cell, scores, verify=True)
            stages = all_stages(scores) if self.options.force else state.missing
            # Another runner may have ended it meanwhile; a crash that this one tries again is no such end.
            retry = self.options.retry_failed or self.options.force or cell.key in self.retries.tried
            if outcome := settled(cell, state, stages, retry=retry):
                yield outcome
                continue
            if "fit" in stages and not self.options.force and self._is_being_fitted(cell):
                waiting.append((cell, time.monotonic() + BUSY_SECONDS))
                continue
            # A cell that another runner is busy with, or that is tried again, is started several times.
            if cell.key not in self.told:
                self.told.add(cell.key)
                for observer in self.observers:
                    observer.started(cell, stages)
            job = Job(
                cell,
                scores,
                self.store.root,
                self.options.device,
                self.options.data_dir,
                force=self.options.force,
                gpu_memory_mib=self.options.gpu_memory_mib,
                retry=self.options.retry_failed,
            )
            started = executor.start(
                job, lambda worker, event: self.events.put((worker, event)), alone=cell.key in alone
            )
            self.running.append(started)

    def _is_being_fitted(self, cell: Cell) -> bool:
        """Whether a running cell computes the fit that this one can take from it."""
        own = fit_digest(cell)
        others = (worker.job.cell for worker in self.running) if own else ()
        return any(
            fit_digest(other) == own and not self.store.cell(other).is_finished("fit", other.key) for other in others
        )

    def _next_outcome(self, waiting: deque[tuple[Cell, float]]) -> Outcome | None:
        """Wait a moment for an event; the outcome if a cell has ended with it, and does not wait for another attempt."""
        try:
            worker, event = self.events.get(timeout=0.2)
        except queue.Empty:
            return None
        cell = worker.job.cell
        if event.kind == Kind.ALTERED:
            for observer in self.observers:
                observer.altered(cell, event.reason)
            return None
        if event.kind != Kind.END:
            for observer in self.observers:
                observer.progressed(cell, event)
            return None
        self.running.remove(worker)
        if not worker.wait(GRACE_SECONDS):
            # Its record is written; a thread that a plug-in left behind must not keep the memory.
            worker.kill()
        if event.crashed:
            self._record_crash(cell, event)
        outcome = Outcome(cell, event.state, event.reason, event.stage, computed=event.state is State.DONE)
        busy = outcome.state is State.BUSY
        if busy or self.retries.again(outcome, exceeded=event.exceeded):
            waiting.append((cell, time.monotonic() + (BUSY_SECONDS if busy else 0.0)))
            return None
        return outcome

    def _record_crash(self, cell: Cell, event: Event) -> None:
        """Write the status that a crashed worker could not write, with the end of its output."""
        folder = self.store.cell(cell)
        folder.path.mkdir(parents=True, exist_ok=True)
        # How other scores ended stays known.
        endings = {stage: one for stage, one in folder.status().endings.items() if stage != event.stage}
        folder.write_status(Status(state=event.state, reason=event.reason, stage=event.stage, endings=endings))
        output = folder.output
        tail = output.read_text(encoding="utf-8", errors="replace")[-4000:] if output.exists() else ""
        (folder.path / "error.txt").write_text(f"{event.reason}\n{tail}", encoding="utf-8")
        folder.note(event.stage, event.state)

    def _stop_all(self) -> None:
        for observer in self.observers:
            observer.stopping()
        for worker in self.running:
            worker.stop()
        deadline = time.monotonic() + GRACE_SECONDS
        for worker in self.running:
            worker.wait(max(0.0, deadline - time.monotonic()))
