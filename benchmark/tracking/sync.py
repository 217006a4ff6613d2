"""The body of `python -m benchmark sync`: everything that a tracker has not got is delivered, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from filelock import Timeout

from benchmark.errors import UserError
from benchmark.store.store import Store
from benchmark.tracking.destination import OFF, Place, choose, named
from benchmark.tracking.mlflow_upload import Tracker, UnreachableError, deliver, one_line, outstanding
from benchmark.tracking.suite_runs import SuiteBook, SuiteRun

PATIENCE_SECONDS = 30.0
"""How long to wait for another process that is delivering."""


@dataclass
class Report:
    """By place the runs delivered, those left, and why."""

    delivered: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether anything is left."""
        return bool(self.left)

    def record(self) -> dict[str, Any]:
        """The report with stable keys."""
        return {"delivered": self.delivered, "left": self.left, "reasons": self.reasons}

    def text(self) -> str:
        """One line a place."""
        lines = [f"delivered {count} runs to {place}" for place, count in self.delivered.items() if count]
        lines += [
            f"{count} runs could not be delivered to {place} ({self.reasons[place]}); they are kept, and the same command "
            "delivers them later"
            for place, count in self.left.items()
        ]
        return "\n".join(lines) or "nothing left to deliver"


def sync(store: Store, where: str | None, write: Callable[[str], None]) -> Report:
    """Deliver every suite run to the place that it was run with, or all of them to the one named; raises UserError."""
    store.opened()
    if where == OFF:
        raise UserError("--tracking none delivers nothing; name a tracking URI, or leave it out.")
    book = SuiteBook(store)
    report = Report()
    for place, runs in _tasks(book, choose(where, store) if where else None):
        _deliver(place, runs, book, report, write)
    return report


def _tasks(book: SuiteBook, given: Place | None) -> list[tuple[Place, list[SuiteRun]]]:
    """By place the suite runs that something is left of."""
    found: dict[str, tuple[Place, list[SuiteRun]]] = {}
    for run in book.all():
        for place in [given] if given else [named(name, book.store) for name in run.places]:
            if outstanding(run, book, place):
                found.setdefault(place.name, (place, []))[1].append(run)
    return list(found.values())


def _deliver(place: Place, runs: list[SuiteRun], book: SuiteBook, report: Report, write: Callable[[str], None]) -> None:
    delivered, reason = 0, ""
    try:
        with book.store.lock("tracking", wait=False).acquire(timeout=PATIENCE_SECONDS):
            tracker = Tracker(place, book.store)
            tracker.reach()
            for run in runs:
                write(f"delivering '{run.name}' to {place.shown}")
                result = deliver(run, book, tracker)
                delivered += result.delivered
                reason = reason or next(iter(result.failed.values()), "")
    except Timeout:
        reason = "another process is delivering"
    except UnreachableError as error:
        reason = str(error)
    except Exception as error:  # whatever a client may raise on an address that it cannot use
        reason = one_line(error, place)
    left = sum(len(outstanding(run, book, place)) for run in runs)
    report.delivered[place.shown] = delivered
    if left:
        report.left[place.shown] = left
        report.reasons[place.shown] = reason or "it has changed meanwhile"
