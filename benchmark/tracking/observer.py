"""How a run is tracked while it goes on: its cells are entered in the books, and a process of its own is told to deliver.

Nothing here can fail a run or keep it waiting for longer than the seconds below.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from filelock import FileLock, Timeout

from benchmark.errors import UserError, refused
from benchmark.imports import child_environment, python_module
from benchmark.plan.cell import Cell
from benchmark.plan.planner import Plan
from benchmark.run.events import Event
from benchmark.run.runner import Outcome, Watcher
from benchmark.store.store import Store
from benchmark.tracking.destination import Place, choose
from benchmark.tracking.mlflow_upload import outstanding
from benchmark.tracking.process import BEGIN, FINISH
from benchmark.tracking.suite_runs import FINISHED, INTERRUPTED, SuiteBook, SuiteRun, open_plan, refer

LOCAL_SECONDS = 60.0
SERVER_SECONDS = 10.0
"""How long the end of a run waits for the rest to be delivered."""


class Tracking(Protocol):
    """Whoever tracks a run."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def watching(self, watcher: Watcher) -> Watcher:
        """A watcher that passes everything on and tells the tracker of each cell that has ended."""

    def add(self, cells: Iterable[Cell], label: str) -> None:
        """Say that more cells belong to the run; `label` tells them from others of the same generator and place."""

    def keep(self, files: Iterable[Path]) -> None:
        """Say which files the run ends with."""


class Untracked:
    """Stands for a tracker where there is none."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def watching(self, watcher: Watcher) -> Watcher:
        """The watcher itself."""
        return watcher

    def add(self, cells: Iterable[Cell], label: str) -> None:
        """Nothing."""

    def keep(self, files: Iterable[Path]) -> None:
        """Nothing."""


UNTRACKED = Untracked()


def follow_plan(plan: Plan, store: Store, where: str | None, write: Callable[[str], None]) -> Tracking:
    """Track the run of a plan at the place that an option names; raises UserError for one that is none."""
    place = choose(where, store)
    return _follow(store, place, write, lambda book: open_plan(book, plan, place.name if place else None))


def follow_sweep(
    run: SuiteRun, settings: Mapping[str, Any], store: Store, where: str | None, write: Callable[[str], None]
) -> Tracking:
    """Track a run whose cells are not known from the start; raises UserError."""
    place = choose(where, store)
    return _follow(store, place, write, lambda book: book.open(run, place.name if place else None, settings))


def _follow(
    store: Store, place: Place | None, write: Callable[[str], None], enter: Callable[[SuiteBook], SuiteRun]
) -> Tracking:
    book = SuiteBook(store)
    try:
        return Follower(enter(book), book, place, write)
    except OSError as error:
        write(f"this run is not tracked: {refused(error)}")
        return UNTRACKED


class Follower:
    """Keeps the books of one suite run and speaks to the process that delivers it; without a place only the books."""

    def __init__(self, run: SuiteRun, book: SuiteBook, place: Place | None, write: Callable[[str], None]) -> None:
        self.run = run
        self.book = book
        self.place = place
        self.write = write
        self.files: list[Path] = []
        self.told: set[str] = set()
        self.process: subprocess.Popen[str] | None = None
        self.lock: FileLock = book.store.lock(f"suite-{run.id}", wait=False)

    def __enter__(self) -> Self:
        # Another runner of the same plan may hold it, which says the same: the suite run is under way.
        with contextlib.suppress(Timeout):
            self.lock.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._safely():
            self.book.close(self.run.id, INTERRUPTED if error else FINISHED, self.files)
        self.lock.release()
        with self._safely():
            reason = "" if error else self._finish()
            self._end()
            self._tell(reason, stopped=error is not None)

    def watching(self, watcher: Watcher) -> Watcher:
        """A watcher that tells of each cell that has ended."""
        return _Relay(watcher, self._started, self._ended)

    def add(self, cells: Iterable[Cell], label: str) -> None:
        """Enter more cells."""
        with self._safely():
            self.book.add(self.run.id, [refer(cell, label) for cell in cells])

    def keep(self, files: Iterable[Path]) -> None:
        """Keep copies of the files that the run ends with."""
        self.files += files

    @contextlib.contextmanager
    def _safely(self) -> Iterator[None]:
        """Whatever goes wrong in tracking is told and harms nothing."""
        try:
            yield
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            if isinstance(error, OSError | UserError):
                reason = refused(error) if isinstance(error, OSError) else str(error)
            # The ledger that refuses one cell refuses the next as well.
            if reason not in self.told:
                self.told.add(reason)
                self.write(f"tracking went wrong: {reason.rstrip('.')}; the results are not touched by it")

    def _started(self) -> None:
        """The suite run is shown from its first computation on."""
        with self._safely():
            if self.process is None and self.place is not None:
                self._say(BEGIN)

    def _ended(self, cell: Cell) -> None:
        with self._safely():
            if self._left({cell.key}):
                self._say(cell.key)

    def _left(self, cells: set[str] | None) -> int:
        if self.place is None:
            return 0
        return len(outstanding(self.book.get(self.run.id), self.book, self.place, cells))

    def _say(self, line: str) -> None:
        """Tell the process, which is started when there is first something to tell."""
        self.process = self.process or self._start()
        # One that has died delivers nothing, which the end of the run finds out.
        with contextlib.suppress(BrokenPipeError):
            if self.process.stdin:
                self.process.stdin.write(line + "\n")
                self.process.stdin.flush()

    def _start(self) -> subprocess.Popen[str]:
        folder = self.book.store.root / "tracking"
        with (folder / "deliver.log").open("ab") as log:
            process = subprocess.Popen(
                python_module("benchmark.tracking.process"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=child_environment({"OMP_NUM_THREADS": "1"}),
                start_new_session=True,
            )
        job = {
            "store": str(self.book.store.root),
            "run": self.run.id,
            "place": asdict(self.place) if self.place else {},
        }
        if process.stdin:
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
        return process

    def _finish(self) -> str:
        """Have everything delivered that is left; why something was not."""
        if self.place is None or not self._left(None):
            return ""
        self._say(FINISH)
        if self.process is None or self.process.stdout is None:
            return ""
        seconds = LOCAL_SECONDS if self.place.is_local else SERVER_SECONDS
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        if self.process.poll() is None:
            return f"it took longer than {seconds:.0f} s"
        answer = self.process.stdout.readline()
        return str(json.loads(answer)["reason"]) if answer else "the process that delivers has died; see deliver.log"

    def _end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _tell(self, reason: str, *, stopped: bool) -> None:
        if self.place is None:
            return
        left = self._left(None)
        store = self.book.store.root
        if not left:
            page = f"; 'python -m benchmark ui --store {store}' shows it" if self.place.is_local else ""
            self.write(f"tracked in {self.place.shown}, experiment '{self.run.experiment}'{page}")
        elif stopped:
            self.write(f"{left} runs are not tracked yet; 'python -m benchmark sync --store {store}' delivers them")
        else:
            total = len(self.book.get(self.run.id).cells) + 1
            self.write(
                f"{left} of {total} runs were not delivered to {self.place.shown} ({reason}); the results are complete, and "
                f"'python -m benchmark sync --store {store}' delivers the rest"
            )


class _Relay:
    """Passes a runner's reports on to a watcher, and the beginning and the end of cells to a tracker too."""

    def __init__(self, watcher: Watcher, begin: Callable[[], None], end: Callable[[Cell], None]) -> None:
        self.watcher = watcher
        self.begin = begin
        self.end = end

    def started(self, cell: Cell, stages: list[str]) -> None:
        """Pass it on and tell the tracker."""
        self.watcher.started(cell, stages)
        self.begin()

    def progressed(self, cell: Cell, event: Event) -> None:
        """Pass it on."""
        self.watcher.progressed(cell, event)

    def ended(self, outcome: Outcome) -> None:
        """Pass it on and tell the tracker."""
        self.watcher.ended(outcome)
        self.end(outcome.cell)
