"""What a store may lose: altered files that were set aside, leftovers of interrupted writes, and cells that no table names."""

from __future__ import annotations

import csv
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from benchmark.errors import UserError
from benchmark.store.cell_folder import CellFolder
from benchmark.store.store import SET_ASIDE, Store

RECENT_SECONDS = 3600.0


@dataclass(frozen=True)
class Removal:
    """A file or folder to remove: its path in the store, why, and its bytes."""

    path: str
    reason: str
    size: int


def removals(store: Store, removable: Callable[[CellFolder], bool] | None = None) -> list[Removal]:
    """What can be removed without losing a result, and the `removable` cells that no table in `suites/` names, if asked for.

    Cells that a live process computes are left out, and so are writes of the last hour. Raises UserError where there is no such
    store.
    """
    root = store.opened().root
    busy = [folder.path for folder in store.folders() if store.is_locked(folder.key)]
    found = [(root / SET_ASIDE, "files that were set aside because they were altered")]
    leftovers = (path for path in sorted(root.rglob("*.part")) if _age(path) > RECENT_SECONDS)
    found += [(path, "a leftover of an interrupted write") for path in leftovers]
    for folder in store.folders():
        # The earlier fit stays finished while a forced one, or one in place of an altered model, is under way.
        if folder.checkpoint.exists() and not folder.forced.exists() and folder.is_finished("fit", folder.key):
            found.append((folder.checkpoint, "the checkpoint of a finished fit"))
    if removable is not None:
        named = _named(root)
        cells = [folder for folder in store.folders() if folder.path.name not in named and removable(folder)]
        found += [(folder.path, "a cell that no table in suites/ names") for folder in cells]
    kept = [(path, why) for path, why in found if path.exists() and not any(_within(path, cell) for cell in busy)]
    whole = [path for path, _ in kept if path.is_dir()]
    outer = [(path, why) for path, why in kept if not any(path != one and _within(path, one) for one in whole)]
    return [Removal(path.relative_to(root).as_posix(), why, _size(path)) for path, why in outer]


def remove(store: Store, found: list[Removal]) -> None:
    """Remove them; a cell that another process has begun to compute since stays."""
    for one in found:
        path = store.root / one.path
        parts = Path(one.path).parts
        if parts[0] != "cells":
            _delete(path)
            continue
        try:
            with store.lock(store.folder(parts[1]).key, timeout=0):
                _delete(path)
        except Timeout:
            continue


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _named(root: Path) -> set[str]:
    found: set[str] = set()
    for path in (root / "suites").glob("*/results.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if "cell" not in (rows.fieldnames or ()):
                raise UserError(f"'{path}' has no column 'cell'; write it again with the suite's run, or remove it.")
            found |= {row["cell"] for row in rows}
    return found


def _age(path: Path) -> float:
    """Seconds since a file was written; 0 for one that its writer has put into place since."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _within(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if file.is_file())


def clean_text(found: list[Removal], *, removed: bool) -> str:
    """A line for each, and the sum."""
    total = sum(one.size for one in found) / 2**20
    lines = [f"{one.path}: {one.reason} ({one.size / 2**20:.1f} MiB)" for one in found]
    if not found:
        return "nothing to remove"
    return "\n".join([*lines, f"{total:.1f} MiB " + ("removed" if removed else "to remove; --yes removes them")])
