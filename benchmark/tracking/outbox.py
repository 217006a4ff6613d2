"""What has been delivered where: a small ledger in the store, so that nothing is delivered twice and nothing is lost."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmark.errors import UserError
from benchmark.store.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS delivered (
    place TEXT NOT NULL, item TEXT NOT NULL, run TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (place, item)
);
CREATE TABLE IF NOT EXISTS store (id TEXT NOT NULL);
"""
PATIENCE_SECONDS = 10.0


class Delivered(NamedTuple):
    """The MLflow run of an item, and the digest of the content it was given; "" while that is not whole."""

    run: str
    digest: str


class Outbox:
    """The ledger of a store: `<store>/tracking/outbox.db`, keyed by place and item."""

    def __init__(self, store: Store) -> None:
        self.path: Path = store.root / "tracking" / "outbox.db"

    def find(self, place: str, item: str) -> Delivered | None:
        """What is known of an item; None where nothing is."""
        if not self.path.exists():
            return None
        with self._open() as base:
            row = base.execute(
                "SELECT run, digest FROM delivered WHERE place = ? AND item = ?", (place, item)
            ).fetchone()
        return None if row is None else Delivered(*row)

    def enter(self, place: str, item: str, delivered: Delivered) -> None:
        """Note an item's run, before its content with the digest "" and after it with its own."""
        with self._open() as base:
            base.execute("INSERT OR REPLACE INTO delivered VALUES (?, ?, ?, ?)", (place, item, *delivered))

    def forget(self, place: str) -> None:
        """Forget a place whose runs are gone."""
        with self._open() as base:
            base.execute("DELETE FROM delivered WHERE place = ?", (place,))

    @property
    def store_id(self) -> str:
        """A name of this store that no other one has, so that two stores may deliver to one tracker."""
        with self._open() as base:
            row = base.execute("SELECT id FROM store").fetchone()
            if row is None:
                row = (uuid.uuid4().hex[:16],)
                base.execute("INSERT INTO store VALUES (?)", row)
        return str(row[0])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is written whole or not at all; raises UserError for a ledger that cannot be used."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        base = sqlite3.connect(self.path, timeout=PATIENCE_SECONDS)
        try:
            with base:
                base.executescript(SCHEMA)
                base.execute("BEGIN IMMEDIATE")
                yield base
        except sqlite3.OperationalError as error:
            raise UserError(f"the ledger '{self.path}' cannot be used ({error}); free it and try again.") from None
        except sqlite3.DatabaseError as error:
            raise UserError(
                f"the ledger '{self.path}' is damaged ({error}); move it away, and everything is delivered again."
            ) from None
        finally:
            base.close()
