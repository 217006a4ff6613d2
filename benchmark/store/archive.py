"""A store as one archive: finished results with the SHA-256 of every file, and nothing about the machine that made them.

The archive is an uncompressed tar with regular files alone, in the order of their names, without times and owners: equal results
give equal bytes. `manifest.json` comes first.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from filelock import Timeout

from benchmark.errors import UserError, one_line, refusal
from benchmark.files import json_bytes, replacing, sha256
from benchmark.store.cell_folder import CellFolder
from benchmark.store.check import Soundness, check_store
from benchmark.store.records import State
from benchmark.store.store import VERSION, Store

FORMAT = "timemar-benchmark export"
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 1 << 28
"""Bytes: the files of about a million cells."""
BLOCK = 1 << 20
DAMAGE = (tarfile.TarError, EOFError, ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading a damaged archive raises."""


@dataclass(frozen=True)
class Imported:
    """What an import did with each cell and each folder of what cells share, by its path in the store."""

    added: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    """Already there with the same bytes."""
    kept: list[str] = field(default_factory=list)
    """There with other bytes, or being computed: the store's own files stay."""


@dataclass(frozen=True)
class Exported:
    """An archive: its file, the folders of its cells, its size and checksum, and the altered files that it leaves out."""

    path: str
    cells: list[str]
    bytes: int
    sha256: str
    left_out: list[str]


def export_store(store: Store, target: Path) -> Exported:
    """Write an archive of every finished result that is sound.

    Failures stay where they happened: their reasons may name files of this machine. Raises UserError where there is no such
    store, or a file is altered while it is read.
    """
    states = check_store(store)
    whole = {one.path for one in states if one.state is not Soundness.ALTERED}
    paths = [path for folder in store.folders() for path in _results(folder) if _name(path, store) in whole]
    for record in (store.root / "shared").glob("*/record.json"):
        paths += [path for path in (record, record.with_name("prepared.npz")) if _name(path, store) in whole]
    files: dict[str, dict[str, Any]] = {
        _name(path, store): {"sha256": sha256(path), "size": path.stat().st_size} for path in sorted(paths)
    }
    manifest = json_bytes({"format": FORMAT, "version": VERSION, "files": files})
    with replacing(target) as part, tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(_member(MANIFEST, len(manifest)), io.BytesIO(manifest))
        for name in sorted(files):
            path = store.root / name
            with path.open("rb") as file:
                archive.addfile(_member(name, files[name]["size"]), file)
            if sha256(path) != files[name]["sha256"]:
                raise UserError(
                    f"'{path}' was altered while it was exported; wait for the run to end and export again."
                )
    return Exported(
        path=str(target),
        cells=sorted(
            {
                PurePosixPath(name).parts[1]
                for name in files
                if name.startswith("cells/") and name.endswith("/cell.json")
            }
        ),
        bytes=target.stat().st_size,
        sha256=sha256(target),
        left_out=[one.path for one in states if one.state is Soundness.ALTERED],
    )


def _results(folder: CellFolder) -> Iterator[Path]:
    """The files of a cell's finished stages with their records; none where nothing is finished."""
    if not folder.has_results():
        return
    named = ["cell.json", "scores.json", "provenance.json"]
    if folder.status().state is State.DONE:
        named.append("status.json")
    for stage in folder.finished_stages():
        named += [f"stages/{stage}.json", *(folder.finished(stage).files or {})]
    yield from (folder.path / name for name in dict.fromkeys(named) if (folder.path / name).is_file())


def _name(path: Path, store: Store) -> str:
    return path.relative_to(store.root).as_posix()


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member


def import_store(store: Store, source: Path) -> Imported:
    """Add the results of an archive to a store, which is made where it is not there; a cell that is there stays as it is.

    Everything is verified before anything is added. Raises UserError for an archive that is damaged, or that holds anything but
    files of a store.
    """
    store.create()
    incoming = store.root / f".import.{uuid.uuid4().hex}.part"
    try:
        with source.open("rb") as file:
            _unpack(file, incoming, source)
        found = Imported()
        for folder in sorted(path for kind in ("shared", "cells") for path in (incoming / kind).glob("*")):
            _add(store, folder, folder.relative_to(incoming), found)
        return found
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def _unpack(file: IO[bytes], folder: Path, source: Path) -> None:
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            first = archive.next()
            if (
                first is None
                or first.name != MANIFEST
                or not 0 < first.size <= LARGEST_MANIFEST
                or not _is_plain(first)
            ):
                raise ValueError(f"it does not begin with {MANIFEST}")
            wanted = _manifest(_content(archive, first).read(first.size))
            while (member := archive.next()) is not None:
                _check_member(member, wanted)
                _write(_content(archive, member), folder / member.name, wanted.pop(member.name))
    except DAMAGE as error:
        reason = one_line(error)[:200].rstrip(".")
        raise UserError(f"'{source}' is no export of a store, or is damaged ({reason}); export it again.") from None
    except OSError as error:
        if refusal(error):
            raise
        # A name that is too long, or a file where another name needs a folder.
        reason = error.strerror or type(error).__name__
        raise UserError(f"'{source}' is no export of a store, or is damaged ({reason}); export it again.") from None
    if wanted:
        raise UserError(f"'{source}' lacks {min(wanted)!r}, which its manifest names; export it again.")


def _manifest(data: bytes) -> dict[str, dict[str, Any]]:
    values = json.loads(data)
    if values["format"] != FORMAT or values["version"] != VERSION:
        raise ValueError("its manifest is of another program or version")
    files: dict[str, dict[str, Any]] = values["files"]
    for name, record in files.items():
        parts = PurePosixPath(name).parts
        usual = len(parts) >= 3 and parts[0] in ("cells", "shared") and ".." not in parts and "\\" not in name
        if not usual or "\0" in name or PurePosixPath(name).as_posix() != name:
            raise ValueError(f"{name!r} is no file of a store")
        if not (isinstance(record["size"], int) and record["size"] >= 0 and isinstance(record["sha256"], str)):
            raise ValueError(f"{name!r} has no size and checksum")
    return files


def _check_member(member: tarfile.TarInfo, wanted: dict[str, dict[str, Any]]) -> None:
    if not _is_plain(member):
        raise ValueError(f"{member.name!r} is no plain file")
    if member.name not in wanted:
        raise ValueError(f"{member.name!r} is not in its manifest, or is there twice")
    if member.size != wanted[member.name]["size"]:
        raise ValueError(f"{member.name!r} has another size than its manifest says")


def _is_plain(member: tarfile.TarInfo) -> bool:
    return member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse()


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = archive.extractfile(member)
    if content is None:
        raise ValueError(f"{member.name!r} is no plain file")
    return content


def _write(content: IO[bytes], path: Path, record: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("wb") as file:
        while block := content.read(BLOCK):
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != record["sha256"]:
        raise ValueError(f"{path.name!r} has another checksum than its manifest says")


def _add(store: Store, folder: Path, name: Path, found: Imported) -> None:
    """Move one folder to its place in the store, unless something is there."""
    there, told = store.root / name, name.as_posix()
    # A cell is locked by its key, what cells share by its name.
    lock = CellFolder(there).key if name.parts[0] == "cells" else there.name
    with suppress(Timeout), store.lock(lock, timeout=0):
        if _is_empty(there):
            shutil.rmtree(there, ignore_errors=True)
            folder.rename(there)
            found.added.append(told)
        else:
            (found.known if _same(folder, there) else found.kept).append(told)
        return
    found.kept.append(told)


def _is_empty(there: Path) -> bool:
    """Whether nothing would be lost with a folder of the store: no finished stage, no checkpoint, no record."""
    return not any(any(there.glob(pattern)) for pattern in ("stages/*.json", "checkpoint/*", "record.json", "model/*"))


def _same(folder: Path, there: Path) -> bool:
    return all(_equal(path, there / path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _equal(one: Path, other: Path) -> bool:
    return other.is_file() and sha256(one) == sha256(other)


def exported_text(done: Exported) -> str:
    """What was left out, each on a line, and the archive."""
    return "\n".join(
        [*(f"left out {path}: altered after it was written" for path in done.left_out), f"wrote {done.path}"]
    )


def imported_text(found: Imported) -> str:
    """What was added, and each folder that was kept, on a line, and the totals."""
    lines = [f"added {path}" for path in found.added]
    lines += [f"kept {path}: the store has other files of it, or computes it now" for path in found.kept]
    totals = f"{len(found.added)} added, {len(found.known)} already there, {len(found.kept)} kept"
    return "\n".join([*lines, totals])
