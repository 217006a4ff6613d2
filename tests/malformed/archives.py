"""Archives of a store of anybody's making."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from benchmark.store.archive import import_store
from benchmark.store.store import Store
from tests.malformed.stored import (
    finished_cell,
)
from tests.malformed.target import (
    DEEP,
)


def read_archive(data: bytes, folder: Path) -> None:
    """The first byte: r for bytes as they are, t for members as JSON: [name, type, link, text, named in the manifest]."""
    path = folder / "one.tar"
    path.write_bytes(data[1:] if data[:1] == b"r" else built(data[1:]))
    shutil.rmtree(folder / "runs", ignore_errors=True)
    import_store(Store(folder / "runs"), path)


def built(text: bytes) -> bytes:
    """An archive of described members, with a manifest that names them with their true checksums."""
    members, files = [], {}
    for name, kind, link, content, named in _described(text):
        member = tarfile.TarInfo(name)
        member.type, member.linkname, member.size = kind, link, len(content)
        members.append((member, content))
        if named:
            files[name] = {"sha256": sha256(content).hexdigest(), "size": len(content)}
    manifest = json.dumps({"format": "timemar-benchmark export", "version": 2, "files": files}).encode()
    first = tarfile.TarInfo("manifest.json")
    first.size = len(manifest)
    target = io.BytesIO()
    try:
        with tarfile.open(fileobj=target, mode="w", errors="surrogateescape") as archive:
            for member, content in [(first, manifest), *members]:
                archive.addfile(member, io.BytesIO(content))
    except (ValueError, UnicodeError):
        return b""
    return target.getvalue()


def _described(text: bytes) -> Iterator[tuple[str, bytes, str, bytes, bool]]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return
    for entry in values if isinstance(values, list) else []:
        if isinstance(entry, list) and len(entry) == 5 and all(isinstance(part, str) for part in entry[:4]):
            name, kind, link, content, named = entry
            yield (
                name,
                kind.encode("utf-8", "replace")[:1] or b"0",
                link,
                content.encode("utf-8", "replace"),
                bool(named),
            )


def archive_seeds() -> list[bytes]:
    deep = "/".join(["cells", *["d"] * 300, "x"])
    described = [
        [["cells/a-1/cell.json", "0", "", "{}", True], ["cells/a-1/stages/fit.json", "0", "", "{}", True]],
        [["../escaped", "0", "", "x", True]],
        [["cells/../../escaped", "0", "", "x", True]],
        [["/escaped/two/three", "0", "", "x", True]],
        [["cells/a/b", "2", "/etc/passwd", "", True], ["cells/a/b/c", "0", "", "x", True]],
        [["cells/a", "2", "../../..", "", True], ["cells/a/escaped", "0", "", "x", True]],
        [["cells/a/b", "1", "manifest.json", "", True]],
        [["cells/a/b", "0", "", "x", True], ["cells/a/b", "0", "", "y", True]],
        [["cells/a/b", "0", "", "x", True], ["cells/a/b/c", "0", "", "x", True]],
        [["cells/a/b", "3", "", "", True]],
        [["cells/a/b", "S", "", "x", True]],
        [["cells/a/b", "x", "", "30 mtime=1\n", True]],
        [[deep, "0", "", "x", True]],
        [["cells/" + "a" * 300 + "/b", "0", "", "x", True]],
        [["cells/a\\..\\b/c", "0", "", "x", True]],
        [["cells/a/b\u0000c", "0", "", "x", True]],
        [["shared/x-1/record.json", "0", "", '{"sha256": 1}', True], ["manifest.json", "0", "", "{}", False]],
    ]
    whole = finished_cell()["archive"]
    nested = json.dumps({"format": "timemar-benchmark export", "version": 2, "files": None}).replace(
        "null", '{"a":' * DEEP
    )
    odd = [
        whole[:-2000],
        whole[:700],
        b"",
        b"\0" * 10_240,
        _tar("manifest.json", nested.encode()),
        _sized(whole, 2**33),
    ]
    return [b"r" + whole, *(b"r" + one for one in odd), *(b"t" + json.dumps(one).encode() for one in described)]


def _tar(name: str, content: bytes) -> bytes:
    target, member = io.BytesIO(), tarfile.TarInfo(name)
    member.size = len(content)
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(member, io.BytesIO(content))
    return target.getvalue()


def _sized(archive: bytes, size: int) -> bytes:
    """An archive whose first member says that it has `size` bytes."""
    member = tarfile.TarInfo("manifest.json")
    member.size = size
    return member.tobuf() + archive[512:]
