"""The destination of tracking: the store's own database, any tracking URI, or none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from benchmark.errors import UserError
from benchmark.store.sqlite import sqlite_url
from benchmark.store.store import Store

OFF = "none"
LOCAL = "local"
"""The store's own database. Records hold its name and no address, so that a store may be moved."""
DATABASE = "mlflow.db"
ARTEFACTS = "mlartifacts"


@dataclass(frozen=True)
class Destination:
    """One tracker. MLflow gets `uri`; files and messages show `name`, which never holds a password."""

    name: str
    uri: str
    artefacts: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether it is the store's own database."""
        return self.name == LOCAL

    @property
    def file(self) -> Path | None:
        """The store's own database; None for any other tracker."""
        return Path(self.uri.removeprefix("sqlite:///")) if self.is_local else None

    @property
    def shown(self) -> str:
        """The tracker as messages name it."""
        return self.uri if self.is_local else self.name


def choose(text: str | None, store: Store) -> Destination | None:
    """The destination that an option names: none, local (also the default), or a URI; raises UserError."""
    if text == OFF:
        return None
    if text in (None, "", LOCAL):
        return local(store)
    return _parse(text or "")


def check(text: str | None) -> None:
    """Refuse an option that names no destination, before anything is done; raises UserError."""
    if text not in (None, "", OFF, LOCAL):
        _parse(text or "")


def local(store: Store) -> Destination:
    """The store's own database and artefact folder; raises UserError for a store whose path no URL can hold."""
    root = store.root.resolve()
    return Destination(LOCAL, sqlite_url(root / DATABASE), str(root / ARTEFACTS))


def named(name: str, store: Store) -> Destination:
    """The destination of that name."""
    return local(store) if name == LOCAL else Destination(name, name)


def _parse(text: str) -> Destination:
    if text == "databricks" or text.startswith("databricks:"):
        return Destination(text, text)
    if not re.match(r"[a-zA-Z][\w+.-]*:/", text):
        raise UserError(
            f"--tracking '{text}' is no tracking URI; write one such as http://127.0.0.1:5000, or local, or none."
        )
    try:
        uri = _absolute(text)
        return Destination(_without_password(uri), uri)
    except ValueError:
        raise UserError(f"--tracking '{text}' is no tracking URI; check its host and port.") from None


def _absolute(uri: str) -> str:
    """A relative SQLite file as an absolute one, because other folders upload to it too."""
    scheme, _, path = uri.partition(":///")
    if not scheme.startswith("sqlite") or not path or path.startswith((":memory:", "/")):
        return uri
    return f"{scheme}:///{Path(path).resolve()}"


def _without_password(uri: str) -> str:
    parts = urlsplit(uri)
    # Other databases have other forms: PostgreSQL takes several hosts.
    if parts.scheme in ("http", "https") and parts.port == 0:
        raise ValueError("no server listens on port 0")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    shown = [(key, value) for key, value in pairs if "pass" not in key.casefold() and "token" not in key.casefold()]
    if len(shown) < len(pairs):
        parts = parts._replace(query=urlencode(shown))
    if parts.password is not None:
        parts = parts._replace(netloc=f"{parts.username}@{parts.netloc.rpartition('@')[2]}")
    return uri if parts == urlsplit(uri) else parts.geturl()
