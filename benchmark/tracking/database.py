"""Whether an SQLite file can be read: asked of the file itself, because MLflow answers in the words of three libraries."""

from __future__ import annotations

import sqlite3
from pathlib import Path


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
        return f"'{path.name}' is damaged ({error}); move it away, and 'python -m benchmark sync' delivers everything again"
    return ""
