"""The runner: gives each unfinished cell to a child of its own, watches, and writes down how each one ended."""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmark.plan.cell import Cell
from benchmark.plan.planner import Plan
from benchmark.run.events import BUSY, DONE, LASTING, Event
from benchmark.run.job import Job
from benchmark.run.stages import all_stages, pending
from benchmark.run.worker_process import Child
from benchmark.store.store import Store, write_json

GRACE_SECONDS = 20.0
BUSY_SECONDS = 2.0


@dataclass(frozen=True)
class Options:
    """How to run a plan.

    `force` computes finished cells again, whose results stay until new ones are there. `tracking` is a tracking URI, "local" or
    None for the store's own database, or "none".
    """

    device: str = "cpu"
    workers: int = 1
    data_dir: Path | None = None
    retry_failed: bool = False
    force: bool = False
    checkpoint_seconds: float = 20.0
    tracking: str | None = "none"


@dataclass(frozen=True)
class Outcome:
    """How a cell stands after a run."""

    cell: Cell
    state: str
    reason: str = ""
    stage: str = ""
    computed: bool = False


class Watcher(Protocol):
    """Whoever shows the progress of a run."""

    def started(self, cell: Cell, stages: list[str]) -> None:
        """A child was started for a cell's unfinished stages."""

    def progressed(self, cell: Cell, event: Event) -> None:
        """A child reported progress."""

    def ended(self, outcome: Outcome) -> None:
        """A cell is finished, has failed, or is left alone."""


class Runner:
    """Runs what is missing of a plan; a failure of one cell never touches another."""

    def __init__(self, store: Store, options: Options, watcher: Watcher) -> None:
        self.store = store
        self.options = options
        self.watcher = watcher
        self.events: queue.Queue[tuple[Child, Event]] = queue.Queue()
        self.running: list[Child] = []

    def run(self, plan: Plan, order: Callable[[Cell], float] = lambda cell: 0.0) -> list[Outcome]:
        """One outcome a cell, in the plan's order. Cells for which `order` is larger start first.

        KeyboardInterrupt, and the OSError of a disk that refuses the runner, are passed on after every child has saved its
        state and ended.
        """
        outcomes: dict[str, Outcome] = {}
        waiting: deque[tuple[Cell, float]] = deque()
        for cell in plan.cells:
            settled = self._settled(cell, plan.scores)
            if settled:
                outcomes[cell.key] = settled
                self.watcher.ended(settled)
            else:
                waiting.append((cell, 0.0))
        waiting = deque(sorted(waiting, key=lambda pair: -order(pair[0])))
        try:
            while waiting or self.running:
                self._start_due(waiting, plan.scores)
                self._enforce(plan.time_limit)
                outcome = self._next_outcome()
                if outcome is None:
                    continue
                if outcome.state == BUSY:
                    waiting.append((outcome.cell, time.monotonic() + BUSY_SECONDS))
                    continue
                outcomes[outcome.cell.key] = outcome
                self.watcher.ended(outcome)
        except (KeyboardInterrupt, OSError):
            self._stop_all()
            raise
        finally:
            for child in self.running:
                child.kill()
        return [outcomes[cell.key] for cell in plan.cells]

    def _settled(self, cell: Cell, scores: tuple[str, ...]) -> Outcome | None:
        """How a cell stands that needs no child: finished, impossible here, or failed in a way that would only repeat."""
        if not (missing := self._missing(cell, scores)):
            return Outcome(cell, DONE)
        if cell.skip:
            return Outcome(cell, "skipped", cell.skip, "data")
        status = self.store.cell(cell).status()
        state = status.get("state", "")
        stage = status.get("stage", "")
        # A score that does not apply to these windows never will.
        lasting = state in LASTING or (state == "skipped" and stage.startswith("score:"))
        # A failed score says nothing about scores that were not asked for then.
        concerned = not stage.startswith("score:") or stage in missing
        if lasting and concerned and not (self.options.retry_failed or self.options.force):
            return Outcome(cell, state, status.get("reason", ""), stage)
        return None

    def _missing(self, cell: Cell, scores: tuple[str, ...]) -> list[str]:
        return all_stages(scores) if self.options.force else pending(cell, scores, self.store)

    def _start_due(self, waiting: deque[tuple[Cell, float]], scores: tuple[str, ...]) -> None:
        for _ in range(len(waiting)):
            if len(self.running) >= self.options.workers:
                return
            cell, due = waiting.popleft()
            if due > time.monotonic():
                waiting.append((cell, due))
                continue
            stages = self._missing(cell, scores)
            self.watcher.started(cell, stages)
            job = Job(
                cell,
                scores,
                self.store.root,
                self.options.device,
                self.options.data_dir,
                self.options.checkpoint_seconds,
                self.options.force,
            )
            self.running.append(Child(job, lambda child, event: self.events.put((child, event))))

    def _enforce(self, limit: float) -> None:
        for child in self.running:
            if not child.timed_out and time.monotonic() - child.started > limit:
                child.kill(timed_out=True)

    def _next_outcome(self) -> Outcome | None:
        """Wait a moment for an event; the outcome if it was the end of a child."""
        try:
            child, event = self.events.get(timeout=0.2)
        except queue.Empty:
            return None
        cell = child.job.cell
        if event.kind != "end":
            self.watcher.progressed(cell, event)
            return None
        self.running.remove(child)
        child.process.wait()
        outcome = Outcome(cell, event.state, event.reason, event.stage, computed=event.state == DONE)
        if event.state in ("timeout", "killed") or "worker.log" in event.reason:
            self._bury(child, outcome)
        return outcome

    def _bury(self, child: Child, outcome: Outcome) -> None:
        """Write the status of a child that died before it could, with the end of its output."""
        folder = self.store.cell(outcome.cell)
        write_json(
            folder.path / "status.json", {"state": outcome.state, "reason": outcome.reason, "stage": outcome.stage}
        )
        tail = child.log.read_text(encoding="utf-8", errors="replace")[-4000:]
        (folder.path / "error.txt").write_text(f"{outcome.reason}\n{tail}", encoding="utf-8")
        folder.note(outcome.stage, outcome.state)

    def _stop_all(self) -> None:
        for child in self.running:
            child.stop()
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self.running:
            while child.process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
