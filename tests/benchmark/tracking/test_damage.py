"""A tracking database that is damaged, empty, gone or locked: a run is not touched, and one sentence says what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from mlflow.store.db import utils

from benchmark.errors import UserError
from benchmark.tracking.database import damage_of
from benchmark.tracking.destination import DATABASE
from benchmark.tracking.mlflow_upload import UnreachableError, Uploader
from benchmark.tracking.suite_runs import SuiteRun, SuiteRuns
from benchmark.tracking.sync import sync
from benchmark.tracking.ui import ui
from tests.benchmark.tracking.conftest import forget_connections

TEXT = b"this is no database, and it is long enough to be looked at: " * 20
ADVICE = "move it away, and 'python -m benchmark sync' uploads everything again"


def damage(database: Path, how: str) -> str:
    """Damage a database; what SQLite says of it."""
    if how == "text":
        database.write_bytes(TEXT)
        return "file is not a database"
    database.write_bytes(database.read_bytes()[:5000])
    return "database disk image is malformed"


@pytest.mark.parametrize("how", ["text", "truncated"])
def test_a_damaged_database_is_named_and_moved_away_uploaded_anew(
    suite_runs: SuiteRuns, run: SuiteRun, uploader: Uploader, how: str
) -> None:
    store = suite_runs.store
    lines: list[str] = []
    sync(store, None, lines.append)
    reason = damage(store.root / DATABASE, how)
    report = sync(store, None, lines.append)
    assert report.reasons == {uploader.destination.shown: f"'mlflow.db' is damaged ({reason}); {ADVICE}"}
    assert report.left == {uploader.destination.shown: 3}
    with pytest.raises(
        UserError, match=rf"nothing can be shown of the store .*'mlflow.db' is damaged \({reason}\); move it away"
    ):
        ui(store, 5987, lines.append)
    (store.root / DATABASE).rename(store.root / "away.db")
    forget_connections()
    assert sync(store, None, lines.append).uploaded == {uploader.destination.shown: 3}


def test_an_empty_database_is_created_anew(suite_runs: SuiteRuns, uploader: Uploader) -> None:
    database = suite_runs.store.root / DATABASE
    sync(suite_runs.store, None, print)
    database.write_bytes(b"")
    forget_connections()
    assert sync(suite_runs.store, None, print).uploaded == {uploader.destination.shown: 3}
    assert database.read_bytes().startswith(b"SQLite format 3")


def test_a_locked_database_is_not_called_damaged(
    suite_runs: SuiteRuns, uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    # MLflow waits for a lock for 20 seconds.
    plain = utils.sql.text
    monkeypatch.setattr(utils.sql, "text", lambda text: plain(text.replace("busy_timeout = 20000", "busy_timeout = 1")))
    path = suite_runs.store.root / DATABASE
    base = sqlite3.connect(path, isolation_level=None)
    base.execute("BEGIN EXCLUSIVE")
    assert damage_of(path) == ""
    with pytest.raises(UnreachableError, match="another program has locked it"):
        uploader.reach()
    base.close()
