"""The only program that speaks to MLflow: `python -m benchmark sync`, and the upload that a run starts beside itself.

A run starts `python -m benchmark.tracking.sync` with one line of JSON on standard input, and reads its report from standard
output as one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import Timeout

from benchmark.errors import UserError
from benchmark.store.store import Store
from benchmark.tracking.destination import LOCAL, OFF, Destination, choose, named
from benchmark.tracking.mlflow_content import run_contents
from benchmark.tracking.mlflow_upload import UnreachableError, Uploader, reason_of
from benchmark.tracking.suite_runs import SuiteRun, SuiteRuns

LOCK_SECONDS = 30.0
"""How long to wait for another uploading process."""
NICENESS = 10


@dataclass
class Synced:
    """By destination the runs uploaded, those left, and why."""

    uploaded: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether anything is left."""
        return bool(self.left)

    def record(self) -> dict[str, Any]:
        """The result with stable keys."""
        return {"uploaded": self.uploaded, "left": self.left, "reasons": self.reasons}

    def text(self) -> str:
        """One line a destination."""
        lines = [f"uploaded {count} runs to {name}" for name, count in self.uploaded.items() if count]
        lines += [
            f"{count} runs could not be uploaded to {name} ({self.reasons[name]}); they are kept, and the same command "
            "uploads them later"
            for name, count in self.left.items()
        ]
        return "\n".join(lines) or "nothing left to upload"


def sync(store: Store, where: str | None, write: Callable[[str], None]) -> Synced:
    """Upload every suite run to the destinations that it was run with, or all of them to the one named.

    Raises:
        UserError: There is no such store, or `where` is no destination.
    """
    store.opened()
    if where == OFF:
        raise UserError("--tracking none uploads nothing; name a tracking URI, or leave it out.")
    suite_runs = SuiteRuns(store)
    synced = Synced()
    for destination, runs in _tasks(suite_runs, choose(where, store) if where else None):
        upload(destination, runs, suite_runs, synced, write)
    return synced


def _tasks(suite_runs: SuiteRuns, given: Destination | None) -> list[tuple[Destination, list[SuiteRun]]]:
    """By destination its suite runs. A server is not asked again for what it is known to have, unless it is named."""
    found: dict[str, tuple[Destination, list[SuiteRun]]] = {}
    for run in suite_runs.all():
        for destination in [given] if given else [named(name, suite_runs.store) for name in run.destinations]:
            if given or destination.is_local or not is_uploaded(run, suite_runs, destination):
                found.setdefault(destination.name, (destination, []))[1].append(run)
    return list(found.values())


def is_uploaded(run: SuiteRun, suite_runs: SuiteRuns, destination: Destination) -> bool:
    """Whether a destination has everything of a suite run as it is now, by the suite run's own record."""
    if destination.file is not None and not destination.file.is_file():
        return False
    return run.uploaded.get(destination.name) == run_contents(run, suite_runs).digest


def upload(
    destination: Destination,
    runs: list[SuiteRun],
    suite_runs: SuiteRuns,
    synced: Synced,
    write: Callable[[str], None],
) -> None:
    """Upload suite runs to one destination; `synced` says what was done, what is left and why."""
    uploaded, left, reason = 0, 0, ""
    pending = list(runs)
    try:
        with suite_runs.store.lock("tracking", timeout=LOCK_SECONDS):
            uploader = Uploader(destination, suite_runs.store)
            uploader.reach()
            while pending:
                # Read anew: it may have ended while this process waited or uploaded another.
                run = suite_runs.get(pending[0].id)
                write(f"uploading '{run.name}' to {destination.shown}")
                contents = run_contents(run, suite_runs)
                result = uploader.upload(contents.all)
                uploaded, left = uploaded + result.uploaded, left + len(result.failed)
                reason = reason or next(iter(result.failed.values()), "")
                if not result.failed:
                    suite_runs.set_uploaded(run.id, destination.name, contents.digest)
                del pending[0]
    except Timeout:
        reason = "another process is uploading"
    except UnreachableError as error:
        reason = str(error)
    except Exception as error:  # whatever a client may raise on an address that it cannot use
        reason = reason_of(error, destination)
    left += sum(len(run_contents(run, suite_runs).all) for run in pending)
    synced.uploaded[destination.shown] = uploaded
    if left:
        synced.left[destination.shown] = left
        synced.reasons[destination.shown] = reason


def main() -> int:
    """Upload one suite run as a run asks for it; the exit status is 0 whatever came of it."""
    # A run's own work goes first.
    os.nice(NICENESS)
    job = json.loads(sys.stdin.readline())
    store = Store(Path(job["store"]))
    suite_runs = SuiteRuns(store)
    destination = named(LOCAL, store) if job["name"] == LOCAL else Destination(job["name"], job["uri"])
    synced = Synced()
    upload(destination, [suite_runs.get(job["run"])], suite_runs, synced, lambda line: None)
    sys.stdout.write(json.dumps({"reason": synced.reasons.get(destination.shown, "")}) + "\n")
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
