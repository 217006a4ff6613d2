"""Delivery to MLflow. A run is brought to what its item says: what is there is left, what is missing is added.

An MLflow run carries its item's key as a tag, and is entered in the outbox before it gets its content, so that an interrupted
delivery resumes and nothing is delivered twice.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from benchmark.errors import UserError
from benchmark.store.store import Store
from benchmark.tracking.database import anchor, damage_of, is_database
from benchmark.tracking.destination import DATABASE, Place
from benchmark.tracking.mlflow_content import Item, Point, cell_item, suite_item
from benchmark.tracking.outbox import Delivered, Outbox
from benchmark.tracking.suite_runs import SuiteBook, SuiteRun

if TYPE_CHECKING:
    from mlflow.entities import Run

ITEM_TAG = "benchmark.item"
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
"""Makes the page open on training runs instead of language models."""
PARAMS_AT_ONCE = 100
POINTS_AT_ONCE = 1000
ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""For the process that delivers only. What fails is tried again by a later delivery, not by waiting."""
SILENT = "no answer in time"
SIGNS = {
    "file is not a database": "the file is damaged",
    "disk image is malformed": "the file is damaged",
    "database is locked": "another program has locked it",
    "disk is full": "no space is left on the disk",
    "readonly database": "it may only be read",
    "Connection refused": "connection refused",
    "timed out": SILENT,
    "Failed to resolve": "its host is not known",
    "Connection aborted": "it broke off the connection",
}
"""What is said of an error whose long text holds a sign."""
T = TypeVar("T")


class UnreachableError(Exception):
    """The tracker does not answer; the message says why, in one line."""


@dataclass
class Result:
    """What a delivery did: runs delivered, and by item why it could not be."""

    delivered: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def outstanding(run: SuiteRun, book: SuiteBook, place: Place, cells: Collection[str] | None = None) -> list[Item]:
    """The items of a suite run that a place has not got as they are now, the parent first; `cells` are keys, None is all."""
    outbox = Outbox(book.store)
    refs = [ref for ref in run.cells if cells is None or ref.key in cells]
    items = [suite_item(run, book), *(cell_item(run, ref, book.store) for ref in refs)]
    found = []
    # Where the store's own database is gone or damaged, it has not got what the ledger says.
    gone = place.file is not None and (not is_database(place.file) or bool(damage_of(place.file)))
    for item in items:
        known = outbox.find(place.name, item.key) if item and not gone else None
        if item and (known is None or known.digest != item.digest):
            found.append(item)
    return found


def deliver(run: SuiteRun, book: SuiteBook, tracker: Tracker, cells: Collection[str] | None = None) -> Result:
    """Deliver what is outstanding of a suite run; raises UnreachableError.

    An item that the tracker refuses is left for a later delivery and keeps no other from theirs.
    """
    result = Result()
    for item in outstanding(run, book, tracker.place, cells):
        try:
            tracker.bring(item, tracker.run_of(suite_item(run, book)) if item.parent else None)
            result.delivered += 1
        except Exception as error:  # whatever a client, its server or the network may raise
            reason = one_line(error, tracker.place)
            if reason == SILENT:  # asking again would wait as long again
                raise UnreachableError(reason) from error
            tracker.reach()
            result.failed[item.key] = reason
    return result


def one_line(error: Exception, place: Place) -> str:
    """An error in one line without the place's password; the commonest ones in a few words."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, UserError):
        return text.rstrip(".")
    for sign, words in SIGNS.items():
        if sign in text and not isinstance(error, UserError):
            return words
    return text.replace(place.uri, place.shown)[:300]


class Tracker:
    """One place's MLflow client. Importing this module costs nothing; making a tracker imports MLflow."""

    def __init__(self, place: Place, store: Store) -> None:
        for name, value in ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self.place = place
        self.outbox = Outbox(store)
        self.experiments: dict[str, str] = {}
        if place.is_local and place.artefacts:
            anchor(store.root / DATABASE, Path(place.artefacts))
        if place.file is not None:
            self._make_database(place.file)
            if damage := damage_of(place.file):
                raise UnreachableError(damage)
        self.client = MlflowClient(tracking_uri=place.uri)

    def reach(self) -> None:
        """Ask the tracker anything; raises UnreachableError."""
        try:
            self.client.search_experiments(max_results=1)
        except Exception as error:
            raise UnreachableError(one_line(error, self.place)) from error

    def run_of(self, item: Item, parent: str | None = None) -> str:
        """The id of an item's MLflow run, which is made where there is none."""
        known = self.outbox.find(self.place.name, item.key)
        return known.run if known else self._open(item, parent)[0]

    def bring(self, item: Item, parent: str | None) -> None:
        """Bring an item's MLflow run to the item's content."""
        known = self.outbox.find(self.place.name, item.key)
        run, is_new = (known.run, False) if known else self._open(item, parent)
        held = None if is_new else self._held(run, item)
        if held is not None and _contradicts(held.points, item.points):
            # Points cannot be changed. The run is only marked as deleted, so `mlflow runs restore` brings it back.
            self.client.delete_run(run)
            held = None
        if held is None and not is_new:
            run = self._create(item, parent)
        self._fill(run, item, parent, held or _Held())
        self.outbox.enter(self.place.name, item.key, Delivered(run, item.digest))

    def _fill(self, run: str, item: Item, parent: str | None, held: _Held) -> None:
        from mlflow.entities import Metric, Param, RunTag

        params = [Param(name, value) for name, value in item.params.items() if name not in held.params]
        for some in _parts(params, PARAMS_AT_ONCE):
            self.client.log_batch(run, params=some)
        points = [
            Metric(key, value, time, step) for key, value, step, time in item.points if (key, step) not in held.points
        ]
        for many in _parts(points, POINTS_AT_ONCE):
            self.client.log_batch(run, metrics=many)
        self.client.log_batch(run, tags=[RunTag(name, value) for name, value in _tags(item, parent).items()])
        for name, path in item.files.items():
            folder = str(PurePosixPath(name).parent)
            self.client.log_artifact(run, str(path), None if folder == "." else folder)
        if item.ended is None:
            self.client.update_run(run, status=item.status)
        else:
            self.client.set_terminated(run, item.status, item.ended)

    def _open(self, item: Item, parent: str | None) -> tuple[str, bool]:
        """The run that carries the item's tag, of a delivery that broke off before the outbox knew; or a new one."""
        found = self.client.search_runs(
            [self._experiment(item.experiment)], f"tags.`{ITEM_TAG}` = '{self._tag(item)}'", max_results=1
        )
        if not found:
            return self._create(item, parent), True
        self.outbox.enter(self.place.name, item.key, Delivered(found[0].info.run_id, ""))
        return found[0].info.run_id, False

    def _create(self, item: Item, parent: str | None) -> str:
        tags = {ITEM_TAG: self._tag(item), **_tags(item, parent)}
        run = self.client.create_run(self._experiment(item.experiment), item.started, tags, item.name).info.run_id
        self.outbox.enter(self.place.name, item.key, Delivered(run, ""))
        return run

    def _held(self, run: str, item: Item) -> _Held | None:
        """What the tracker holds of an item; None where its run is gone."""
        found = self._get(run)
        if found is None or found.info.lifecycle_stage != "active":
            return None
        keys = {point.key for point in item.points} & set(found.data.metrics)
        points = {
            (key, metric.step): metric.value for key in keys for metric in self.client.get_metric_history(run, key)
        }
        return _Held(dict(found.data.params), points)

    def _get(self, run: str) -> Run | None:
        from mlflow.exceptions import MlflowException

        try:
            return self.client.get_run(run)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise

    def _experiment(self, name: str) -> str:
        """The id of an experiment, which is made where there is none."""
        if name not in self.experiments:
            found = self.client.get_experiment_by_name(name)
            where = f"{self.place.artefacts}/{name}" if self.place.artefacts else None
            self.experiments[name] = (
                found.experiment_id if found else self.client.create_experiment(name, where, EXPERIMENT_TAGS)
            )
        return self.experiments[name]

    def _tag(self, item: Item) -> str:
        return f"{self.outbox.store_id}/{item.key}"

    def _make_database(self, path: Path) -> None:
        """Make the store's database under a temporary name: half a database could never be opened again."""
        if is_database(path):
            return
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        self.outbox.forget(self.place.name)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        SqlAlchemyStore(f"sqlite:///{part}", self.place.artefacts).engine.dispose()
        part.replace(path)


@dataclass(frozen=True)
class _Held:
    params: dict[str, str] = field(default_factory=dict)
    points: dict[tuple[str, int], float] = field(default_factory=dict)


def _contradicts(held: dict[tuple[str, int], float], points: Iterable[Point]) -> bool:
    """Whether a point is held with another value."""
    pairs = ((held[point.key, point.step], point.value) for point in points if (point.key, point.step) in held)
    return any(not math.isclose(there, here, rel_tol=1e-12) for there, here in pairs)


def _tags(item: Item, parent: str | None) -> dict[str, Any]:
    inherited = {"mlflow.parentRunId": parent} if parent else {}
    return {**item.tags, **inherited, "mlflow.runName": item.name, "mlflow.source.name": "python -m benchmark"}


def _parts(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
