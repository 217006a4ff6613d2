"""Whether an SQLite file can be read: asked of the file itself, because MLflow answers in the words of three libraries."""

from __future__ import annotations

import sqlite3
from pathlib import Path

PATIENCE_SECONDS = 10.0
LOCATIONS = (("experiments", "artifact_location"), ("runs", "artifact_uri"))
"""Where MLflow keeps the absolute addresses of artefacts, whatever it is given."""


def is_database(path: Path) -> bool:
    """Whether anything is there; an empty file is as good as none, and is made into a database."""
    return path.is_file() and path.stat().st_size > 0


def damage_of(path: Path) -> str:
    """What is wrong with a database, and what to do about it; "" where nothing is, or where it is only locked."""
    try:
        base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=0)
        try:
            base.execute("SELECT count(*) FROM sqlite_master").fetchone()
        finally:
            base.close()
    except sqlite3.OperationalError:
        return ""
    except sqlite3.DatabaseError as error:
        return (
            f"'{path.name}' is damaged ({error}); move it away, and 'python -m benchmark sync' uploads everything again"
        )
    return ""


def newest_experiment(path: Path) -> str | None:
    """The id of the experiment in which a run was started last; None where a database has no run."""
    base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=PATIENCE_SECONDS)
    try:
        found = base.execute(
            "SELECT experiment_id FROM runs WHERE lifecycle_stage = 'active' ORDER BY start_time DESC LIMIT 1"
        ).fetchone()
    except sqlite3.OperationalError:  # another program's tables, or a lock that outlasted the patience
        return None
    finally:
        base.close()
    return str(found[0]) if found else None


def anchor(path: Path, artefacts: Path) -> int:
    """Let a store's database point at the artefact folder where it lies now, if the store was moved; how many addresses changed.

    MLflow makes every address absolute, so a moved store would be written to at its old place.
    """
    if not is_database(path) or damage_of(path):
        return 0
    mark, changed = f"/{artefacts.name}", 0
    base = sqlite3.connect(path, timeout=PATIENCE_SECONDS)
    try:
        with base:
            for table, column in LOCATIONS:
                rows = base.execute(f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()  # noqa: S608
                for row, address in rows:
                    head, found, tail = str(address).rpartition(f"{mark}/")
                    if not found and str(address).endswith(mark):
                        head, found, tail = str(address).removesuffix(mark), mark, ""
                    new = str(artefacts / tail) if tail else str(artefacts)
                    if found and head and address != new:
                        base.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (new, row))  # noqa: S608
                        changed += 1
    except (
        sqlite3.OperationalError
    ):  # another program's tables, or a lock that outlasted the patience: the next opening mends it
        return 0
    finally:
        base.close()
    return changed
