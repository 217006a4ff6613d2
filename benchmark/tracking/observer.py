"""The tracking of a run while it goes on: its suite run is recorded in the store, and `sync` is started beside it.

Nothing here can fail a run, or delay it for longer than the seconds below.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import Timeout

from benchmark.errors import UserError, refused
from benchmark.imports import child_environment, python_module
from benchmark.plan.cell import Cell
from benchmark.plan.planner import Plan
from benchmark.run.outcome import Outcome
from benchmark.run.runner import Observer
from benchmark.store.owned_lock import OwnedLock
from benchmark.store.store import Store
from benchmark.tracking.destination import Destination, choose
from benchmark.tracking.mlflow_upload import SILENT
from benchmark.tracking.suite_runs import FINISHED, INTERRUPTED, SuiteRun, SuiteRuns, open_plan, refer
from benchmark.tracking.sync import is_uploaded

UPLOAD_SECONDS = 60.0
"""At least so long lies between the starts of two uploads of a run, since each imports MLflow."""
LOCAL_SECONDS = 60.0
SERVER_SECONDS = 20.0
"""How long the end of a run waits for what is left to be uploaded."""


class Tracking(Observer):
    """The tracking of one run, opened and closed around it; this base class tracks nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def add(self, cells: Iterable[Cell], label: str) -> None:
        """Add cells to the run; `label` ends their names."""

    def keep(self, files: Iterable[Path]) -> None:
        """Keep copies of the files that the run ends with."""


UNTRACKED = Tracking()


def track_plan(plan: Plan, store: Store, where: str | None, write: Callable[[str], None]) -> Tracking:
    """The tracking of a plan's run at the destination that an option names.

    Raises:
        UserError: `where` is no destination.
    """
    destination = choose(where, store)
    return _track(store, destination, write, lambda known: open_plan(known, plan, _name(destination)))


def track_sweep(
    run: SuiteRun, settings: Mapping[str, object], store: Store, where: str | None, write: Callable[[str], None]
) -> Tracking:
    """The tracking of a run whose cells are added while it goes on.

    Raises:
        UserError: `where` is no destination.
    """
    destination = choose(where, store)
    return _track(store, destination, write, lambda known: known.open(run, _name(destination), settings))


def _name(destination: Destination | None) -> str | None:
    return destination.name if destination else None


def _track(
    store: Store,
    destination: Destination | None,
    write: Callable[[str], None],
    enter: Callable[[SuiteRuns], SuiteRun],
) -> Tracking:
    suite_runs = SuiteRuns(store)
    try:
        return MLflowTracking(enter(suite_runs), suite_runs, destination, write)
    except OSError as error:
        write(f"this run is not tracked: {refused(error)}")
        return UNTRACKED


class MLflowTracking(Tracking):
    """Records one suite run and has it uploaded; without a destination it is only recorded."""

    def __init__(
        self, run: SuiteRun, suite_runs: SuiteRuns, destination: Destination | None, write: Callable[[str], None]
    ) -> None:
        self.run = run
        self.suite_runs = suite_runs
        self.destination = destination
        self.write = write
        self.files: list[Path] = []
        self.told: set[str] = set()
        self.process: subprocess.Popen[str] | None = None
        self.started_at = float("-inf")
        self.lock: OwnedLock = suite_runs.store.lock(f"suite-{run.id}", timeout=0)
        self.is_held = False

    def __enter__(self) -> Self:
        self._hold()
        return self

    def _hold(self) -> None:
        """Say by a lock that the suite run is under way, unless another runner of the same plan says so."""
        with contextlib.suppress(Timeout):
            if not self.is_held:
                self.lock.acquire()
                self.is_held = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._safely():
            self.suite_runs.close(self.run.id, INTERRUPTED if error else FINISHED, self.files)
        if self.is_held:
            self.lock.release()
        with self._safely():
            reason = "it was interrupted" if error else self._finish()
            self._kill()
            self._tell(reason)

    def started(self, cell: Cell, stages: Sequence[str]) -> None:
        """Show the suite run from its first computation on."""
        self._upload_beside()

    def ended(self, outcome: Outcome) -> None:
        """Upload a cell that was computed."""
        if outcome.computed or outcome.failed:
            self._upload_beside()

    def add(self, cells: Iterable[Cell], label: str) -> None:
        """Add cells to the suite run."""
        with self._safely():
            self.suite_runs.add(self.run.id, [refer(cell, label) for cell in cells])

    def keep(self, files: Iterable[Path]) -> None:
        """Copies are made when the run ends."""
        self.files += files

    @contextlib.contextmanager
    def _safely(self) -> Iterator[None]:
        """Report a failure of tracking, each reason once, and go on."""
        try:
            yield
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            if isinstance(error, OSError | UserError):
                reason = refused(error) if isinstance(error, OSError) else str(error)
            if reason not in self.told:
                self.told.add(reason)
                self.write(f"tracking failed: {reason.rstrip('.')}; the results are not affected")

    def _upload_beside(self) -> None:
        """Start an upload, unless one is running or was started a moment ago."""
        self._hold()
        is_running = self.process is not None and self.process.poll() is None
        if self.destination is None or is_running or time.monotonic() - self.started_at < UPLOAD_SECONDS:
            return
        with self._safely():
            self._start(self.destination)

    def _start(self, destination: Destination) -> subprocess.Popen[str]:
        store = self.suite_runs.store
        with (store.root / "tracking" / "sync.log").open("ab") as log:
            self.process = subprocess.Popen(
                python_module("benchmark.tracking.sync"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=child_environment({"OMP_NUM_THREADS": "1"}),
                start_new_session=True,
            )
        self.started_at = time.monotonic()
        job = {"store": str(store.root), "run": self.run.id, "name": destination.name, "uri": destination.uri}
        if self.process.stdin:
            # A process that ended at once closes its input; its missing report is noticed at the end.
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(json.dumps(job) + "\n")
                self.process.stdin.close()
        return self.process

    def _finish(self) -> str:
        """Have everything uploaded that is left; the reason where something was not."""
        if self.destination is None:
            return ""
        seconds = LOCAL_SECONDS if self.destination.is_local else SERVER_SECONDS
        deadline = time.monotonic() + seconds
        reason = self._report(self.process, deadline)
        while reason != SILENT and time.monotonic() < deadline and not self._is_uploaded(self.destination):
            before = self.suite_runs.get(self.run.id)
            reason = self._report(self._start(self.destination), deadline)
            if reason or before == self.suite_runs.get(self.run.id):
                break
        if time.monotonic() >= deadline:
            return f"it took longer than {seconds:.0f} s"
        return reason

    @staticmethod
    def _report(process: subprocess.Popen[str] | None, deadline: float) -> str:
        """Wait for an upload and read the reason why it is not complete; "" where it is, or where there is none."""
        if process is None or process.stdout is None:
            return ""
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        if process.poll() is None:
            return ""
        answer = process.stdout.readline()
        return str(json.loads(answer)["reason"]) if answer else "the upload has crashed; see tracking/sync.log"

    def _is_uploaded(self, destination: Destination) -> bool:
        return is_uploaded(self.suite_runs.get(self.run.id), self.suite_runs, destination)

    def _kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _tell(self, reason: str) -> None:
        if self.destination is None:
            return
        store = self.suite_runs.store.root
        if self._is_uploaded(self.destination):
            page = f"; 'python -m benchmark ui --store {store}' shows it" if self.destination.is_local else ""
            self.write(f"tracked in {self.destination.shown}, experiment '{self.run.experiment}'{page}")
        else:
            self.write(
                f"the upload to {self.destination.shown} is not complete ({reason or 'the results have changed meanwhile'}); the "
                f"results are, and 'python -m benchmark sync --store {store}' uploads the rest"
            )
