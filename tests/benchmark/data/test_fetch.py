"""Downloads, against a server on this machine."""

from __future__ import annotations

import hashlib
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from benchmark.data import DatasetSpec, fetch, load_spec
from benchmark.data.fetch import _HttpsRedirects, open_https
from benchmark.data.locate import locate
from benchmark.errors import UserError

BODY = bytes(range(256)) * 1000


class _Server(ThreadingHTTPServer):
    requests = 0

    def open_url(self, url: str) -> Any:
        return urllib.request.urlopen(f"http://127.0.0.1:{self.server_port}/{url.rsplit('/', 1)[1]}", timeout=5)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.requests += 1  # type: ignore[attr-defined]
        if self.path == "/moved.csv":
            self.send_response(302)
            self.send_header("Location", "/whole.csv")
            self.end_headers()
            return
        if self.path == "/gone.csv":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY[: len(BODY) // 2] if self.path == "/cut.csv" else BODY)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def _spec(file: str = "whole.csv", body: bytes = BODY) -> DatasetSpec:
    digest = hashlib.sha256(body).hexdigest()
    return DatasetSpec(id="set", file=file, url=f"https://example.org/{file}", sha256=digest)


def test_a_file_is_fetched_once(server: _Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    destination = tmp_path / "new" / "folder"
    found = fetch(_spec(), destination, lambda done, total: seen.append((done, total)), open_url=server.open_url)
    path = destination / "whole.csv"
    assert found == (path, True)
    assert path.read_bytes() == BODY
    assert seen[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert [entry.name for entry in destination.iterdir()] == ["whole.csv"]
    assert fetch(_spec(), destination, open_url=server.open_url) == (path, False)
    assert server.requests == 1


def test_a_damaged_file_is_fetched_again(server: _Server, tmp_path: Path) -> None:
    (tmp_path / "whole.csv").write_bytes(b"damaged")
    assert fetch(_spec(), tmp_path, open_url=server.open_url).path.read_bytes() == BODY


def test_the_file_of_an_own_set_goes_where_it_is_looked_for(server: _Server, tmp_path: Path) -> None:
    spec = _spec().model_copy(update={"file": "raw/whole.csv", "folder": str(tmp_path / "own")})
    path = fetch(spec, tmp_path / "elsewhere", open_url=server.open_url).path
    assert path == tmp_path / "own" / "raw" / "whole.csv" == locate(spec, None)
    assert not (tmp_path / "elsewhere").exists()
    outside = spec.model_copy(update={"file": "../whole.csv"})
    with pytest.raises(UserError, match=r"the file '../whole.csv' of the data set 'set' is outside '.*own'; fetch it"):
        fetch(outside, tmp_path, open_url=server.open_url)
    assert [entry.name for entry in tmp_path.iterdir()] == ["own"]


def test_a_link_in_the_data_folder_counts_as_the_file(server: _Server, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "whole.csv").write_bytes(BODY)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "whole.csv").symlink_to(tmp_path / "disk" / "whole.csv")
    fetch(_spec(), tmp_path / "data", open_url=server.open_url)
    assert server.requests == 0


@pytest.mark.parametrize(
    ("file", "body", "sentence"),
    [
        (
            "whole.csv",
            b"other",
            r"sent has the SHA-256 [0-9a-f]{64}, but the data set 'set' has [0-9a-f]{64}; nothing was kept",
        ),
        ("cut.csv", BODY, r"cut\.csv could not be downloaded|cut\.csv sent has the SHA-256"),
        (
            "gone.csv",
            BODY,
            r"^https://example\.org/gone\.csv could not be downloaded \(Not Found\); check the connection",
        ),
    ],
)
def test_what_is_not_the_file_is_not_kept(
    server: _Server, tmp_path: Path, file: str, body: bytes, sentence: str
) -> None:
    (tmp_path / file).write_bytes(b"kept")
    with pytest.raises(UserError, match=sentence):
        fetch(_spec(file, body), tmp_path, open_url=server.open_url)
    assert [entry.name for entry in tmp_path.iterdir()] == [file]
    assert (tmp_path / file).read_bytes() == b"kept"


@pytest.mark.parametrize(("reason", "said"), [("no route to host", "no route to host"), ("", "<urlopen error >")])
def test_offline_is_one_sentence(reason: str, said: str, tmp_path: Path) -> None:
    def offline(url: str) -> Any:
        raise urllib.error.URLError(reason)

    with pytest.raises(UserError, match=rf"could not be downloaded \({said}\); check the connection and try again"):
        fetch(_spec(), tmp_path / "x", open_url=offline)


def test_an_interrupt_leaves_nothing(server: _Server, tmp_path: Path) -> None:
    def interrupt(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(_spec(), tmp_path, interrupt, open_url=server.open_url)
    assert list(tmp_path.iterdir()) == []


def test_a_destination_that_cannot_be_a_folder_is_refused(server: _Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"whole\.csv' cannot be written \(.*\); choose another --data-dir\."):
        fetch(_spec(), tmp_path / "file", open_url=server.open_url)


def test_only_https_is_opened(server: _Server) -> None:
    with pytest.raises(UserError, match=r"^the address http://example\.org/x is not https"):
        open_https("http://example.org/x")
    with pytest.raises(UserError, match=r"^the address file:///etc/hosts is not https"):
        open_https("file:///etc/hosts")
    with pytest.raises(UserError, match=r"^the address http://127\.0\.0\.1:\d+/whole\.csv is not https"):
        urllib.request.build_opener(_HttpsRedirects).open(f"http://127.0.0.1:{server.server_port}/moved.csv", timeout=5)


def test_sets_without_an_address_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^the data set 'sines' is generated; there is nothing to fetch\.$"):
        fetch(load_spec("sines"), tmp_path)
    with pytest.raises(UserError, match=r"^the data set 'own' states no url and sha256 to fetch its file by"):
        fetch(DatasetSpec(id="own", file="a.csv"), tmp_path)
