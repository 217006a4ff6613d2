"""Upload to MLflow: a run there is brought to its content; what it holds already is left, what it lacks is added.

The tracker itself is the record of what was uploaded: an MLflow run carries the key of its content as a tag from its creation
on, and the content's digest once everything is there. So an interrupted upload goes on, and nothing is uploaded twice.
"""

from __future__ import annotations

import logging
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from benchmark.errors import UserError, one_line
from benchmark.files import replacing
from benchmark.store.store import Store
from benchmark.tracking.database import anchor, damage_of, is_database
from benchmark.tracking.destination import DATABASE, Destination
from benchmark.tracking.mlflow_content import Point, RunContent

if TYPE_CHECKING:
    from mlflow.entities import Run

KEY_TAG = "benchmark.item"
DIGEST_TAG = "benchmark.digest"
PARENT_TAG = "mlflow.parentRunId"
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
"""Opens MLflow's view of training runs instead of that of language models."""
DATASET_DIGITS = 16
"""Digits of a data set's checksum; MLflow takes 36."""
PARAMS_AT_ONCE = 100
POINTS_AT_ONCE = 1000
RUNS_AT_ONCE = 1000
ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""For the uploading process only. A failed request is repeated by a later upload, not by waiting."""
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
"""Short reasons, by a part of the long error that they replace."""
T = TypeVar("T")


class UnreachableError(Exception):
    """The tracker does not answer; the message is the reason, in one line."""


@dataclass
class Result:
    """What an upload did: runs uploaded, and the reason of each failure by the content's key."""

    uploaded: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def reason_of(error: Exception, destination: Destination) -> str:
    """An error in one line, without the destination's password; the most frequent ones in a few words."""
    text = one_line(error)
    if isinstance(error, UserError):
        return text.rstrip(".")
    short = next((words for sign, words in SIGNS.items() if sign in text), None)
    return short or text.replace(destination.uri, destination.shown)[:300]


class Uploader:
    """The MLflow client of one destination. Importing this module is cheap; constructing an uploader imports MLflow."""

    def __init__(self, destination: Destination, store: Store) -> None:
        for name, value in ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self.destination = destination
        self.store = store
        self.experiments: dict[str, str] = {}
        if destination.is_local and destination.artefacts:
            anchor(store.root / DATABASE, Path(destination.artefacts))
        if destination.file is not None:
            self._make_database(destination.file)
            if damage := damage_of(destination.file):
                raise UnreachableError(damage)
        self.client = MlflowClient(tracking_uri=destination.uri)

    def reach(self) -> None:
        """Send a small request.

        Raises:
            UnreachableError: The tracker does not answer it.
        """
        try:
            self.client.search_experiments(max_results=1)
        except Exception as error:
            raise UnreachableError(reason_of(error, self.destination)) from error

    def upload(self, contents: Sequence[RunContent]) -> Result:
        """Upload one suite run: the content of the parent, then those of its cells.

        Content that the tracker refuses is left for a later upload, and the others are uploaded all the same.

        Raises:
            UnreachableError: The tracker has stopped answering.
        """
        result = Result()
        parent: str | None = None
        try:
            held = self._held_runs(contents[0])
        except Exception as error:
            return self._refused(contents, error)
        for content in contents:
            run = held.get(self._key(content))
            try:
                if run is None or not _is_whole(run, content, parent):
                    run_id = self._bring(content, run, parent)
                    result.uploaded += 1
                else:
                    run_id = run.info.run_id
            except Exception as error:  # whatever a client, its server or the network may raise
                if content.parent is None:  # its cells would have no parent
                    return self._refused(contents, error)
                result.failed |= self._refused([content], error).failed
                continue
            parent = parent or run_id
        return result

    def _refused(self, contents: Sequence[RunContent], error: Exception) -> Result:
        """What a tracker that still answers does not take; raises UnreachableError where it answers no longer."""
        reason = reason_of(error, self.destination)
        if reason == SILENT:  # another request would wait as long
            raise UnreachableError(reason) from error
        self.reach()
        return Result(failed=dict.fromkeys((content.key for content in contents), reason))

    def _held_runs(self, parent: RunContent) -> dict[str, Run]:
        """The tracker's runs of one suite run, by key."""
        experiments = [self._experiment(parent.experiment)]
        found: dict[str, Run] = {}
        token: str | None = None
        while True:
            page = self.client.search_runs(
                experiments, f"tags.`{KEY_TAG}` LIKE '{self._key(parent)}%'", max_results=RUNS_AT_ONCE, page_token=token
            )
            found |= {run.data.tags[KEY_TAG]: run for run in page}
            token = page.token
            if not token:
                return found

    def _bring(self, content: RunContent, run: Run | None, parent: str | None) -> str:
        """Bring the MLflow run of a content to it; the run's id."""
        digest = (
            content.digest
        )  # of the files as they are before the upload: one that changes meanwhile is uploaded again
        held = _Held() if run is None else self._held(run, content)
        if run is not None and (held.others or _contradicts(held.points, content.points)):
            # Points cannot be changed. The run is only marked as deleted, so `mlflow runs restore` brings it back.
            self.client.delete_run(run.info.run_id)
            run, held = None, _Held()
        run_id = self._create(content, parent) if run is None else run.info.run_id
        self._fill(run_id, content, parent, held)
        self.client.set_tag(run_id, DIGEST_TAG, digest)
        return run_id

    def _fill(self, run: str, content: RunContent, parent: str | None, held: _Held) -> None:
        from mlflow.entities import Dataset, DatasetInput, Metric, Param, RunTag

        params = [Param(name, value) for name, value in content.params.items() if name not in held.params]
        for some in _parts(params, PARAMS_AT_ONCE):
            self.client.log_batch(run, params=some)
        points = [
            Metric(key, value, time, step)
            for key, value, step, time in content.points
            if (key, step) not in held.points
        ]
        for many in _parts(points, POINTS_AT_ONCE):
            self.client.log_batch(run, metrics=many)
        self.client.log_batch(run, tags=[RunTag(name, value) for name, value in _tags(content, parent).items()])
        inputs = [
            DatasetInput(Dataset(name, fingerprint[:DATASET_DIGITS], "local", "{}"), tags=[])
            for name, fingerprint in content.datasets.items()
        ]
        self.client.log_inputs(run, datasets=inputs)
        for name, path in content.files.items():
            folder = str(PurePosixPath(name).parent)
            self.client.log_artifact(run, str(path), None if folder == "." else folder)
        if content.ended is None:
            self.client.update_run(run, status=content.status)
        else:
            self.client.set_terminated(run, content.status, content.ended)

    def _create(self, content: RunContent, parent: str | None) -> str:
        tags = {KEY_TAG: self._key(content), **_tags(content, parent)}
        experiment = self._experiment(content.experiment)
        return str(self.client.create_run(experiment, content.started, tags, content.name).info.run_id)

    def _held(self, run: Run, content: RunContent) -> _Held:
        """What the tracker holds of a content."""
        keys = {point.key for point in content.points} & set(run.data.metrics)
        points = {
            (key, metric.step): metric.value
            for key in keys
            for metric in self.client.get_metric_history(run.info.run_id, key)
        }
        others = set(run.data.metrics) - {point.key for point in content.points}
        return _Held(dict(run.data.params), points, bool(others))

    def _experiment(self, name: str) -> str:
        """The id of an experiment, which is created where there is none."""
        if name not in self.experiments:
            found = self.client.get_experiment_by_name(name)
            if found is not None and found.lifecycle_stage == "deleted":
                raise UserError(
                    f"the experiment '{name}' was deleted; restore it with `mlflow experiments restore --experiment-id "
                    f"{found.experiment_id}`."
                )
            folder = re.sub(r"[^\w.-]+", "-", name)
            where = f"{self.destination.artefacts}/{folder}" if self.destination.artefacts else None
            self.experiments[name] = (
                found.experiment_id if found else self.client.create_experiment(name, where, EXPERIMENT_TAGS)
            )
        return self.experiments[name]

    def _key(self, content: RunContent) -> str:
        """The content's key with the store's, since several stores may share a tracker."""
        return f"{self.store.id}/{content.key}"

    def _make_database(self, path: Path) -> None:
        """Create the store's database under a temporary name: half a database could never be opened again."""
        if is_database(path):
            return
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        with replacing(path) as part:
            SqlAlchemyStore(f"sqlite:///{part}", self.destination.artefacts).engine.dispose()


@dataclass(frozen=True)
class _Held:
    params: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[tuple[str, int], float] = field(default_factory=dict)
    others: bool = False
    """Whether there are metrics that the content lacks, such as those of an earlier program."""


def _is_whole(run: Run, content: RunContent, parent: str | None) -> bool:
    """Whether a run has all of a content and lies under `parent`, which may have been created anew since."""
    tags = run.data.tags
    return tags.get(DIGEST_TAG) == content.digest and tags.get(PARENT_TAG) == parent


def _contradicts(held: Mapping[tuple[str, int], float], points: Iterable[Point]) -> bool:
    """Whether a point is held with another value."""
    pairs = ((held[point.key, point.step], point.value) for point in points if (point.key, point.step) in held)
    return any(not math.isclose(there, here, rel_tol=1e-12) for there, here in pairs)


def _tags(content: RunContent, parent: str | None) -> dict[str, Any]:
    inherited = {PARENT_TAG: parent} if parent else {}
    return {**content.tags, **inherited, "mlflow.runName": content.name, "mlflow.source.name": "python -m benchmark"}


def _parts(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
