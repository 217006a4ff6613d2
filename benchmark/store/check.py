"""Every file of a store: sound, altered after it was written, or without a checksum that could tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from benchmark.data.generated import altered_caches
from benchmark.files import read_json, sha256
from benchmark.sealed_file import is_altered
from benchmark.store.cell_folder import CellFolder
from benchmark.store.store import SET_ASIDE, Store

UNREAD = ("locks", SET_ASIDE)
"""Folders without content: of locks, and of what is known to be altered."""
CHANGED = "altered after it was written"


class Soundness(StrEnum):
    """What a checksum says of a file."""

    SOUND = "sound"
    ALTERED = "altered"
    """Truncated, altered or lost after it was written."""
    UNKNOWN = "unknown"
    """Without a checksum: logs, tables and figures."""


@dataclass(frozen=True)
class FileState:
    """One file: its path in the store with forward slashes, how it stands, and why where it is not sound."""

    path: str
    state: Soundness
    reason: str = ""


def check_store(store: Store) -> list[FileState]:
    """Every file of a store by path, and those that a record names and that are lost; raises UserError for no store."""
    root = store.opened().root
    found = {"store.json": FileState("store.json", Soundness.SOUND)}
    for folder in store.folders():
        found |= {one.path: one for one in check_cell(folder, root)}
    for archive in sorted((root / "shared").glob("*/record.json")):
        found |= {one.path: one for one in _shared(archive.parent, root)}
    lost = altered_caches(root / "shared" / "data")
    for record in sorted((root / "shared" / "data").glob("*.npy.json")):
        path = record.with_suffix("")
        state = FileState(path.relative_to(root).as_posix(), Soundness.SOUND)
        if path.exists():
            found[state.path] = replace(state, state=Soundness.ALTERED, reason=CHANGED) if path in lost else state
            found[state.path + ".json"] = replace(found[state.path], path=state.path + ".json")
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name not in found and name.split("/")[0] not in UNREAD:
            reason = "a temporary file of an interrupted write" if path.suffix == ".part" else "without a checksum"
            found[name] = FileState(name, Soundness.UNKNOWN, reason)
    return [found[name] for name in sorted(found)]


def check_cell(folder: CellFolder, root: Path) -> Iterator[FileState]:
    """The records of a cell, and the files that these name."""

    def told(name: str, state: Soundness, reason: str = "") -> FileState:
        return FileState((folder.path / name).relative_to(root).as_posix(), state, reason)

    if folder.has_results() or (folder.path / "cell.json").exists():
        sound = folder.record() is not None
        yield told(
            "cell.json", *((Soundness.SOUND,) if sound else (Soundness.ALTERED, f"{CHANGED}, or another cell's"))
        )
    altered = folder.altered_records()
    stages = folder.finished_stages()
    for name in ("status.json", "provenance.json", "scores.json", *(f"stages/{stage}.json" for stage in stages)):
        if name in altered:
            yield told(name, Soundness.ALTERED, _which(folder) if name == "scores.json" else CHANGED)
        elif (folder.path / name).exists():
            yield told(name, Soundness.SOUND)
    for stage in stages:
        finish = folder.finished(stage)
        lost = folder.altered_files(finish)
        for name in finish.files or {}:
            reason = CHANGED if (folder.path / name).exists() else "missing"
            yield told(name, *((Soundness.ALTERED, reason) if name in lost else (Soundness.SOUND,)))
    for path in sorted(folder.checkpoint.glob("*.safetensors")):
        name = f"{folder.checkpoint.name}/{path.name}"
        yield told(name, *((Soundness.ALTERED, CHANGED) if is_altered(path) else (Soundness.SOUND,)))


def _which(folder: CellFolder) -> str:
    names = folder.altered_scores()
    return f"{CHANGED}: {', '.join(names)}" if names else CHANGED


def _shared(folder: Path, root: Path) -> Iterator[FileState]:
    """What cells share: an archive, and the record with its checksum."""
    record, archive = folder / "record.json", folder / "prepared.npz"
    sound = archive.is_file() and sha256(archive) == read_json(record).get("sha256")
    for path in (record, archive):
        name = path.relative_to(root).as_posix()
        if sound:
            yield FileState(name, Soundness.SOUND)
        else:
            yield FileState(name, Soundness.ALTERED, CHANGED if archive.exists() else "missing")


def check_text(files: list[FileState]) -> str:
    """Every altered file on a line, and a line of totals."""
    lines = [f"{one.path}: {one.reason}" for one in files if one.state is Soundness.ALTERED]
    counts = {state: sum(one.state is state for one in files) for state in Soundness}
    lines.append(f"{len(files)} files: " + ", ".join(f"{counts[state]} {state}" for state in Soundness))
    if counts[Soundness.ALTERED]:
        lines.append("The next run of a suite sets altered files aside and computes them again.")
    return "\n".join(lines)
