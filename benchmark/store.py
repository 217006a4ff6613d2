"""Where results live: one folder a cell, files that exist whole or not at all, and locks between processes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock

from benchmark.cell import Cell
from benchmark.errors import UserError, refused

MARK = "timemar-benchmark store"


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
        """Every score computed so far, by name."""
        return read_json(self.path / "scores.json")

    def status(self) -> dict[str, Any]:
        """How the last attempt ended: `state`, `reason`, `stage`."""
        return read_json(self.path / "status.json")

    def provenance(self) -> dict[str, Any]:
        """Times, machine, versions, commit and data checksum, by stage."""
        return read_json(self.path / "provenance.json")

    def is_finished(self, stage: str, key: str) -> bool:
        """Whether `stage` was finished under `key` and its files are as it left them."""
        record = read_json(self.path / "stages" / f"{stage}.json")
        if record.get("key") != key:
            return False
        sums = record.get("files", {})
        return all((self.path / name).is_file() and sha256(self.path / name) == value for name, value in sums.items())

    def finish(self, stage: str, key: str, files: list[Path]) -> None:
        """Record that `stage` is finished; from here on nothing computes it again."""
        folder = self.path / "stages"
        folder.mkdir(exist_ok=True)
        sums = {str(file.relative_to(self.path)): sha256(file) for file in sorted(files)}
        write_json(folder / f"{stage}.json", {"key": key, "files": sums})

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
            write_json(mark, read_json(mark) or {"format": MARK, "version": 1})
            for name in ("cells", "shared", "locks", "suites"):
                (self.root / name).mkdir(exist_ok=True)
        except OSError as error:
            raise UserError(f"the store {refused(OSError(error.errno, error.strerror, str(self.root)))}") from None
        return self

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
