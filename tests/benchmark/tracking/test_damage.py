"""A tracking database that is damaged, empty, gone or locked: a run is not touched, and one sentence says what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from benchmark.errors import UserError
from benchmark.store.store import Store
from benchmark.tracking.database import damage_of
from benchmark.tracking.destination import DATABASE, local
from benchmark.tracking.mlflow_upload import Tracker, UnreachableError, outstanding
from benchmark.tracking.outbox import Delivered, Outbox
from benchmark.tracking.suite_runs import SuiteBook, SuiteRun
from benchmark.tracking.sync import sync
from benchmark.tracking.ui import ui

TEXT = b"this is no database, and it is long enough to be looked at: " * 20
ADVICE = "move it away, and 'python -m benchmark sync' delivers everything again"


def damage(database: Path, how: str) -> str:
    """Damage a database; what SQLite says of it."""
    if how == "text":
        database.write_bytes(TEXT)
        return "file is not a database"
    database.write_bytes(database.read_bytes()[:5000])
    return "database disk image is malformed"


@pytest.mark.parametrize("how", ["text", "truncated"])
def test_a_damaged_database_is_named_and_moved_away_delivered_anew(
    book: SuiteBook, run: SuiteRun, tracker: Tracker, how: str
) -> None:
    store = book.store
    lines: list[str] = []
    sync(store, None, lines.append)
    reason = damage(store.root / DATABASE, how)
    report = sync(store, None, lines.append)
    assert report.reasons == {tracker.place.shown: f"'mlflow.db' is damaged ({reason}); {ADVICE}"}
    assert report.left == {tracker.place.shown: 3}
    with pytest.raises(
        UserError, match=rf"nothing can be shown of the store .*'mlflow.db' is damaged \({reason}\); move it away"
    ):
        ui(store, 5987, lines.append)
    (store.root / DATABASE).rename(store.root / "away.db")
    assert len(outstanding(run, book, local(store))) == 3


def test_an_empty_database_is_made_anew(book: SuiteBook, run: SuiteRun) -> None:
    place, outbox = local(book.store), Outbox(book.store)
    for item in outstanding(run, book, place):
        outbox.enter(place.name, item.key, Delivered("a run that was there", item.digest))
    (book.store.root / DATABASE).write_bytes(b"")
    assert len(outstanding(run, book, place)) == 3
    Tracker(place, book.store).reach()
    assert (book.store.root / DATABASE).read_bytes().startswith(b"SQLite format 3")
    assert outbox.find(place.name, run.id) is None


def test_a_locked_database_is_not_called_damaged(book: SuiteBook, tracker: Tracker) -> None:
    path = book.store.root / DATABASE
    base = sqlite3.connect(path, isolation_level=None)
    base.execute("BEGIN EXCLUSIVE")
    assert damage_of(path) == ""
    with pytest.raises(UnreachableError, match="another program has locked it"):
        tracker.reach()
    base.close()


def test_a_damaged_ledger_is_named(store: Store) -> None:
    outbox = Outbox(store)
    outbox.path.parent.mkdir()
    outbox.path.write_bytes(TEXT)
    with pytest.raises(
        UserError, match=r"outbox\.db' is damaged \(file is not a database\); move it away, and everything is"
    ):
        outbox.find("local", "item")
