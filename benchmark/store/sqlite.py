"""The URLs of databases: of an SQLite file, and without their password."""

from __future__ import annotations

from pathlib import Path

from benchmark.errors import UserError

MARKS = "?%#"
"""Characters that mean something else in a URL; libraries differ in whether they take them escaped."""


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file; raises UserError for a path that no URL can hold."""
    whole = str(path.resolve())
    for mark in MARKS:
        if mark in whole:
            raise UserError(
                f"the path '{whole}' of a database holds '{mark}', which no URL of a database can; choose another folder."
            )
    return f"sqlite:///{whole}"


def without_password(url: str) -> str:
    """A database's URL as messages show it."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "…" if "@" in url else url  # nothing tells where a password stands before the @
