"""The files of a cell on a node that does not see the store: what it needs there, and what comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from benchmark.data import locate
from benchmark.errors import SkipCell, UserError
from benchmark.files import replacing, write_bytes
from benchmark.plan.cell import Cell
from benchmark.plan.keys import make_metric, score_seeds, shared_name
from benchmark.plan.sampling_time import STAGE_SCORES
from benchmark.run.job import Job
from benchmark.store.store import Store

DATA, CELLS, SHARED = "data", "cells", "shared"
GENERATED = PurePosixPath(SHARED, DATA)
"""Where a store keeps windows that were simulated."""


def is_seen(root: Path, store_id: str) -> bool:
    """Whether the folder `root` is, from here, the store with this name."""
    try:
        return Store(root).id == store_id
    except (UserError, OSError):
        return False


def needed(job: Job) -> dict[str, Path]:
    """The files that a job needs, by their path in the store: the data, what cells share, and what the cell itself has."""
    store, cell = Store(job.store), job.cell
    found = {f"{CELLS}/{path.relative_to(store.root / CELLS)}": path for path in _files(store.cell(cell).path)}
    if cell.dataset.file is not None:
        with suppress(SkipCell, UserError):  # of a missing file the worker tells itself
            found[f"{DATA}/{cell.dataset.file}"] = locate(cell.dataset, job.data_dir)
    elif cell.dataset.recipe is not None and cell.dataset.recipe.process == "hopper":
        found |= {str(GENERATED / path.name): path for path in _files(store.root / GENERATED)}
    for name in _shared_names(cell, job.scores):
        if (store.shared(name) / "record.json").exists():
            found |= {f"{SHARED}/{name}/{path.name}": path for path in _files(store.shared(name))}
    return found


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".part")


def _shared_names(cell: Cell, scores: tuple[str, ...]) -> list[str]:
    """The folders of what the scores prepare from the real windows alone."""
    metrics = {name: make_metric(name, cell.budget) for name in scores if name not in STAGE_SCORES}
    return [
        shared_name(cell, name, seed)
        for name, metric in metrics.items()
        if metric.shared
        for seed in score_seeds(cell, metric)
    ]


def unpack(job: Job, files: Mapping[str, bytes], folder: Path) -> Job:
    """Write files into a store of its own in `folder`; the job that computes there."""
    store = Store(folder / "store").create()
    for name, content in files.items():
        _write(folder / name if name.startswith(f"{DATA}/") else store.root / name, content)
    dataset = job.cell.dataset
    if dataset.file is not None:
        # Where a file lies is no part of a cell's key.
        dataset = dataset.model_copy(update={"folder": str(folder / DATA)})
    return replace(job, cell=replace(job.cell, dataset=dataset), store=store.root, data_dir=None)


def results(job: Job) -> dict[str, bytes]:
    """The cell's files after the computation, and what other cells share, by their path in the store."""
    store = Store(job.store)
    folders = [store.cell(job.cell).path, store.root / SHARED]
    return {str(path.relative_to(store.root)): path.read_bytes() for folder in folders for path in _files(folder)}


def install(store: Store, cell: Cell, files: Mapping[str, bytes]) -> None:
    """Replace the folder of a cell, which must be locked, by what was computed elsewhere, and add what cells share."""
    own = store.cell(cell).path
    prefix = f"{own.relative_to(store.root)}/"
    with replacing(own) as part:
        for name, content in files.items():
            if name.startswith(prefix):
                _write(part / name.removeprefix(prefix), content)
    for name, content in files.items():
        # Equal windows give equal bytes, whoever prepares them; a record follows what it describes.
        if name.startswith(f"{SHARED}/") and not (store.root / name).exists():
            _write(store.root / name, content)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, content)
