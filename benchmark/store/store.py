"""Where results live: one folder a cell, and locks between processes."""

from __future__ import annotations

import fcntl
import itertools
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmark.errors import UserError, refused
from benchmark.files import read_json, write_json
from benchmark.plan.cell import Cell
from benchmark.store.cell_folder import CellFolder
from benchmark.store.owned_lock import OwnedLock, Owner, has_expired, read_owner
from benchmark.store.records import Provenance
from benchmark.store.status import CellState, cell_state

MARK = "timemar-benchmark store"
VERSION = 2
"""Of the files in a store. Raise it when a program of the old version would read them wrongly."""
SET_ASIDE = "set_aside"
"""The folder of files that were found altered; nothing reads them."""


class Store:
    """A folder of results. Runners on one store, on one host or many, share its work by locks."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def create(self) -> Store:
        """Make the folder and mark it as a store; raises UserError where it is something else or cannot be written."""
        self.refuse_foreign()
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            # Written again where it stands: a full or read-only disk is better told now than after an hour.
            write_json(
                self.root / "store.json",
                self._mark() or {"format": MARK, "version": VERSION, "id": uuid.uuid4().hex[:16]},
            )
            for name in ("cells", "shared", "locks", "suites"):
                (self.root / name).mkdir(exist_ok=True)
        except OSError as error:
            raise UserError(f"the store {refused(OSError(error.errno, error.strerror, str(self.root)))}") from None
        return self

    def refuse_foreign(self) -> None:
        """Raise UserError where the folder is there and is no store of this version."""
        if self.root.exists() and not self.root.is_dir():
            raise UserError(f"the store '{self.root}' is a file; choose a folder with --store.")
        foreign = (path for path in self.root.iterdir() if path.suffix != ".part") if self.root.is_dir() else ()
        if not self._mark() and any(foreign):
            raise UserError(f"the folder '{self.root}' holds other files and is no store; choose another with --store.")

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
        return self.folder(cell.slug)

    def folder(self, slug: str) -> CellFolder:
        """The folder of the cell with that slug, which may not exist."""
        return CellFolder(self.root / "cells" / slug)

    def shared(self, name: str) -> Path:
        """A folder for what cells share, such as the encoders of a score."""
        return self.root / "shared" / name

    def set_aside(self, path: Path) -> Path:
        """Move an altered file or folder of the store into `set_aside/`, under the path that it had; where it lies now."""
        wanted = self.root / SET_ASIDE / path.relative_to(self.root)
        wanted.parent.mkdir(parents=True, exist_ok=True)
        numbered = (wanted.with_name(f"{wanted.name}.{number}") for number in itertools.count(2))
        target = next(free for free in itertools.chain([wanted], numbered) if not free.exists())
        path.rename(target)
        return target

    def lock(self, name: str, *, timeout: float | None, lost: Callable[[], None] = lambda: None) -> OwnedLock:
        """A lock between processes and hosts, waited for so many seconds (None: without a limit); raises Timeout.

        `lost` is called when another host took it over, because this one has shown no life for `EXPIRY_SECONDS`.
        """
        return OwnedLock(*self._lock_files(name), -1 if timeout is None else timeout, lost)

    def _lock_files(self, name: str) -> tuple[Path, Path]:
        folder = self.root / "locks"
        return folder / f"{name}.lock", folder / f"{name}.owner"

    def owner(self, name: str) -> Owner | None:
        """The live process that holds a lock; nothing is written but a probe of the clock, where that is possible."""
        system, path = self._lock_files(name)
        owner = read_owner(path)
        if _is_held(system):
            return owner or Owner()
        # On this host only the holder of the system's lock can be alive.
        return None if owner is None or owner.is_here or has_expired(path, owner) else owner

    def is_locked(self, name: str) -> bool:
        """Whether a live process holds a lock; a read-only store answers too."""
        return self.owner(name) is not None

    def folders(self, beginning: str = "") -> list[CellFolder]:
        """The folder of every cell in the store whose slug begins so, by name."""
        paths = sorted((self.root / "cells").glob("*"))
        return [CellFolder(path) for path in paths if path.is_dir() and path.name.startswith(beginning)]

    def state(self, cell: Cell, scores: tuple[str, ...], *, verify: bool = False) -> CellState:
        """What is known of a cell and which of its stages are missing for `scores`.

        With `verify`, files that no missing stage needs are checked too, and `problems` names what was altered.
        """
        return cell_state(self.cell(cell), cell, scores, verify=verify)

    def all_provenance(self) -> list[Provenance]:
        """The provenance of every cell in the store, for estimates."""
        return [folder.provenance() for folder in self.folders()]


def _is_held(path: Path) -> bool:
    """Whether a process holds the system's lock of a file."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return isinstance(error, BlockingIOError)
    return False
