from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import UserError
from benchmark.store.store import Store
from benchmark.tracking.destination import check, choose, named


@pytest.mark.parametrize("text", [None, "", "local"])
def test_the_stores_own_database_unless_said(text: str | None, tmp_path: Path) -> None:
    destination = choose(text, Store(tmp_path))
    assert destination is not None
    assert (destination.uri, destination.artefacts) == (f"sqlite:///{tmp_path}/mlflow.db", f"{tmp_path}/mlartifacts")
    # Records hold no address, so that a moved store finds its database again.
    assert named(destination.name, Store(tmp_path / "moved")).uri == f"sqlite:///{tmp_path}/moved/mlflow.db"


def test_none_is_no_place(tmp_path: Path) -> None:
    assert choose("none", Store(tmp_path)) is None


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:5000", "https://a.b/c", "databricks", "databricks://me", "file:///x"]
)
def test_any_uri_is_taken_as_it_is(uri: str, tmp_path: Path) -> None:
    destination = choose(uri, Store(tmp_path))
    assert destination is not None
    assert (destination.uri, destination.name, destination.shown) == (uri, uri, uri)


def test_a_password_is_used_and_never_kept(tmp_path: Path) -> None:
    destination = choose("postgresql://me:secret@host:5432/base", Store(tmp_path))
    assert destination is not None
    assert destination.uri == "postgresql://me:secret@host:5432/base"
    assert destination.name == destination.shown == "postgresql://me@host:5432/base"


def test_a_relative_database_is_the_same_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    destination = choose("sqlite:///mine.db", Store(tmp_path))
    assert destination is not None
    assert destination.name == f"sqlite:///{tmp_path}/mine.db"


@pytest.mark.parametrize("uri", ["http://127.0.0.1:999999", "https://a.b:0/c", "http://a:port"])
def test_a_port_that_no_server_has_is_refused(uri: str) -> None:
    with pytest.raises(UserError, match=r"is no tracking URI; check its host and port\.$"):
        check(uri)


def test_several_hosts_of_a_database_are_taken(tmp_path: Path) -> None:
    destination = choose("postgresql://me@a:5432,b:5432/base", Store(tmp_path))
    assert destination is not None
    assert destination.uri == "postgresql://me@a:5432,b:5432/base"


@pytest.mark.parametrize("text", ["localhost:5000", "mlruns", "/tmp/x", "http//a"])  # noqa: S108 - a name, not a file
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(
        UserError, match=r"is no tracking URI; write one such as http://127\.0\.0\.1:5000, or local, or none"
    ):
        check(text)


def test_no_password_or_token_of_a_query_is_kept(tmp_path: Path) -> None:
    destination = choose("postgresql://host/base?user=me&password=secret&sslmode=require", Store(tmp_path))
    assert destination is not None
    assert "secret" in destination.uri
    assert destination.name == "postgresql://host/base?user=me&sslmode=require"


@pytest.mark.parametrize("mark", ["?", "%", "#"])
def test_a_store_whose_path_no_url_can_hold_is_refused(mark: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"holds '\{mark}', which no URL of a database can"):
        choose("local", Store(tmp_path / f"a{mark}b"))
