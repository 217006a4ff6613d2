"""What all generators on the same data share: prepared once for each repetition, by whichever process comes first."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import Timeout
from numpy.typing import NDArray

from benchmark.errors import AlteredFileError
from benchmark.files import read_json, sha256, write_bytes, write_json
from benchmark.plan.cell import Cell
from benchmark.plan.keys import make_metric, score_seeds, shared_name
from benchmark.store.store import Store


@dataclass(frozen=True)
class Prepared:
    """One mapping of arrays a repetition, and the seconds this process spent on making them."""

    arrays: tuple[Mapping[str, NDArray[Any]], ...]
    seconds: float


def prepare_all(
    cell: Cell,
    name: str,
    real: NDArray[np.float32],
    store: Store,
    device: str,
    tick: Callable[[int, int], None],
    set_aside: Callable[[AlteredFileError], None],
) -> Prepared:
    """What the metric of a score prepares from the real windows (N, T, D), by repetition; empty for one that shares nothing.

    `set_aside` is handed the error of each folder whose files were altered after they were written; they are prepared again.
    Repetitions that another process is preparing are left to it until the others are done.
    """
    metric = make_metric(name, cell.budget)
    if not metric.shared:
        return Prepared((), 0.0)
    seeds = score_seeds(cell, metric)
    folders = {seed: store.shared(shared_name(cell, name, seed)) for seed in seeds}
    seconds = 0.0
    for timeout in (0, None):
        for index, (seed, folder) in enumerate(folders.items()):
            tick(index, len(seeds))
            if not _is_finished(folder):
                try:
                    with store.lock(folder.name, timeout=timeout):
                        if not _is_finished(folder):
                            if (folder / "record.json").exists():
                                set_aside(AlteredFileError(folder))
                            began = time.perf_counter()
                            _write(folder, metric.prepare(real, seed, device=device))
                            seconds += time.perf_counter() - began
                except Timeout:
                    continue
    return Prepared(tuple(_read(folder) for folder in folders.values()), round(seconds, 3))


def _is_finished(folder: Path) -> bool:
    record = read_json(folder / "record.json")
    archive = folder / "prepared.npz"
    return bool(record) and archive.is_file() and sha256(archive) == record.get("sha256")


def _write(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # its stub takes every keyword for a flag
    write_bytes(folder / "prepared.npz", buffer.getvalue())
    write_json(folder / "record.json", {"sha256": sha256(folder / "prepared.npz")})


def _read(folder: Path) -> dict[str, NDArray[Any]]:
    with np.load(folder / "prepared.npz", allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
