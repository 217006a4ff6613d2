"""Where results live: one folder a cell, files that exist whole or not at all, and locks between processes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock

from benchmark.errors import UserError, refused
from benchmark.plan.cell import Cell, digest

MARK = "timemar-benchmark store"
VERSION = 2
"""Of the files in a store. Raise it when a program of the old version would read them wrongly."""


def write_json(path: Path, value: object) -> None:
    """Write JSON under a temporary name and rename it; equal values give equal bytes."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, flush it to the disk and rename it; raises OSError that names the file."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with naming(path):
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            # A full disk needs the space, and a folder that refuses the file may refuse this too.
            with contextlib.suppress(OSError):
                part.unlink()
            raise


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an OSError name the file that was to be written: a full disk names none, and a temporary name says little."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file's mapping; empty where the file is missing or unreadable, which means that nothing is known."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


CHECKSUM = "checksum"


def _is_intact(entry: object) -> bool:
    """Whether a score's record is as it was written."""
    if not isinstance(entry, dict):
        return False
    return entry.get(CHECKSUM) == digest({name: value for name, value in entry.items() if name != CHECKSUM})


def readable(folder: Path) -> None:
    """Give every file of a folder the permissions of a file that is newly made: libraries write theirs for the owner alone."""
    umask = os.umask(0)
    os.umask(umask)
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o666 & ~umask)


class CellFolder:
    """The files of one cell. `stages/NAME.json` is written last, and says that a stage is finished and what it wrote."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def model(self) -> Path:
        """The fitted generator's folder."""
        return self.path / "model"

    @property
    def samples(self) -> Path:
        """The archive of generated windows."""
        return self.path / "samples.npz"

    @property
    def checkpoint(self) -> Path:
        """Where an unfinished fit keeps its state."""
        return self.path / "checkpoint"

    def scores(self) -> dict[str, Any]:
        """Every score computed so far, by name; without those whose record was altered after it was written."""
        return {name: entry for name, entry in self._score_records().items() if _is_intact(entry)}

    def altered_scores(self) -> list[str]:
        """The names of scores whose record was altered after it was written; nothing uses them."""
        return [name for name, entry in self._score_records().items() if not _is_intact(entry)]

    def write_score(self, name: str, entry: dict[str, Any]) -> None:
        """Add a score, or replace it, with a checksum of its record."""
        sealed = {**entry, CHECKSUM: digest(entry)}
        write_json(self.path / "scores.json", {**self.scores(), name: sealed})

    def _score_records(self) -> dict[str, Any]:
        return read_json(self.path / "scores.json")

    def record(self) -> dict[str, Any]:
        """The resolved cell as it was written when it was first computed."""
        return read_json(self.path / "cell.json")

    def problems(self, cell: Cell) -> list[str]:
        """What of this folder is not as it was written, a sentence each; none of it is used."""
        if not self.path.is_dir():
            return []
        found = []
        if self.has_results() and not cell.is_recorded_by(self.record()):
            found.append("cell.json is altered or of another cell")
        found += [f"the record of score {name} was altered after it was written" for name in self.altered_scores()]
        for path in sorted((self.path / "stages").glob("*.json")):
            sums = read_json(path).get("files")
            wrong = (
                [name for name, value in sums.items() if not self._holds(name, value)]
                if isinstance(sums, dict)
                else [path.name]
            )
            found += [f"{name} is missing or was altered after it was written" for name in wrong]
        return found

    def has_results(self) -> bool:
        """Whether any stage was finished here."""
        return any((self.path / "stages").glob("*.json"))

    def _holds(self, name: str, checksum: object) -> bool:
        return (self.path / name).is_file() and sha256(self.path / name) == checksum

    def status(self) -> dict[str, Any]:
        """How the last attempt ended: `state`, `reason`, `stage`."""
        return read_json(self.path / "status.json")

    def provenance(self) -> dict[str, Any]:
        """Times, machine, versions, commit and data checksum, by stage."""
        return read_json(self.path / "provenance.json")

    def warnings(self) -> list[str]:
        """What the generator said went wrong in its fit, a sentence each."""
        found = self.provenance().get("stages", {}).get("fit", {}).get("warnings", [])
        return [str(sentence) for sentence in found]

    def is_finished(self, stage: str, key: str) -> bool:
        """Whether `stage` was finished under `key` and its files are as it left them."""
        record = read_json(self.path / "stages" / f"{stage}.json")
        sums = record.get("files")
        if record.get("key") != key or not isinstance(sums, dict):
            return False
        return all(self._holds(name, value) for name, value in sums.items())

    def finish(self, stage: str, key: str, files: list[Path]) -> None:
        """Record that `stage` is finished; from here on nothing computes it again."""
        folder = self.path / "stages"
        folder.mkdir(exist_ok=True)
        sums = {str(file.relative_to(self.path)): sha256(file) for file in sorted(files)}
        write_json(folder / f"{stage}.json", {"key": key, "files": sums})

    def forget_after(self, stage: str) -> None:
        """Drop what was made from an earlier result of `stage`, which has just been computed again."""
        later = {"fit": ("sample", "timing"), "sample": ()}.get(stage)
        if later is None:
            return
        for name in later:
            (self.path / "stages" / f"{name}.json").unlink(missing_ok=True)
        (self.path / "scores.json").unlink(missing_ok=True)

    def note(self, stage: str, event: str) -> None:
        """Add a line to the cell's journal, which tells who did what when."""
        line = json.dumps({"time": round(time.time(), 3), "pid": os.getpid(), "stage": stage, "event": event})
        path = self.path / "journal.jsonl"
        with naming(path), path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


class Store:
    """A folder of results. Two runners on one store share its work by file locks."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def create(self) -> Store:
        """Make the folder and mark it as a store; raises UserError where it is something else or cannot be written."""
        mark = self.root / "store.json"
        if self.root.exists() and not self.root.is_dir():
            raise UserError(f"the store '{self.root}' is a file; choose a folder with --store.")
        foreign = (path for path in self.root.iterdir() if path.suffix != ".part") if self.root.is_dir() else ()
        if not mark.exists() and any(foreign):
            raise UserError(f"the folder '{self.root}' holds other files and is no store; choose another with --store.")
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            # Written again where it stands: a full or read-only disk is better told now than after an hour.
            write_json(mark, self._mark() or {"format": MARK, "version": VERSION, "id": uuid.uuid4().hex[:16]})
            for name in ("cells", "shared", "locks", "suites"):
                (self.root / name).mkdir(exist_ok=True)
        except OSError as error:
            raise UserError(f"the store {refused(OSError(error.errno, error.strerror, str(self.root)))}") from None
        return self

    def opened(self) -> Store:
        """The store, which must be there and of this version; raises UserError."""
        if not self._mark():
            raise UserError(f"there is no store '{self.root}'; run a suite first, or name another with --store.")
        return self

    @property
    def id(self) -> str:
        """A name that no other store has, and that a moved one keeps."""
        return str(self._mark().get("id", ""))

    def _mark(self) -> dict[str, Any]:
        """What `store.json` says; empty where there is no such file. Raises UserError for another program's or version's."""
        path = self.root / "store.json"
        if not path.exists():
            return {}
        mark = read_json(path)
        if mark.get("format") != MARK:
            raise UserError(
                f"'{path}' is not a store's, or is damaged; restore it, or choose another store with --store."
            )
        if mark.get("version") != VERSION:
            raise UserError(
                f"the store '{self.root}' is of version {mark.get('version')}, but this program reads version {VERSION}; use the "
                "program that made it, or choose another store with --store."
            )
        return mark

    def cell(self, cell: Cell) -> CellFolder:
        """The folder of a cell, which may not exist yet."""
        return CellFolder(self.root / "cells" / cell.slug)

    def shared(self, name: str) -> Path:
        """A folder for what cells share, such as the encoders of a score."""
        return self.root / "shared" / name

    def lock(self, name: str, *, wait: bool) -> FileLock:
        """A lock between processes, freed by the system when its holder dies."""
        return FileLock(self.root / "locks" / f"{name}.lock", timeout=-1 if wait else 0)

    def all_provenance(self) -> list[dict[str, Any]]:
        """The provenance of every cell in the store, for estimates."""
        return [CellFolder(path).provenance() for path in sorted((self.root / "cells").glob("*")) if path.is_dir()]
