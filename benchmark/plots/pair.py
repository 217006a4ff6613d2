"""Real and generated windows of one cell, as its figures need them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.data import DatasetSpec
from benchmark.data import load_spec as load_dataset
from benchmark.errors import SkipCell, UserError
from benchmark.interface import Generator, Windows
from benchmark.plan.cell import Cell
from benchmark.plots.origin import Origin, cell_origin
from benchmark.seeds import derive_seed
from benchmark.store.cell_folder import CellFolder
from benchmark.store.cell_record import CellRecord
from benchmark.store.fitted import open_fitted, recorded_class
from benchmark.store.samples import DAMAGE
from benchmark.store.store import Store
from benchmark.store.windows import cell_windows


@dataclass(frozen=True)
class Pair:
    """One cell: its reference windows and its samples, (N, T, D) in [0, 1], and what they are called."""

    slug: str
    title: str
    dataset: str
    record: CellRecord
    folder: CellFolder
    real: Windows
    generated: Windows
    names: tuple[str, ...]

    @property
    def heading(self) -> str:
        """What a figure of the cell is headed."""
        return f"{self.title}, {self.dataset}, length {self.record.length}"

    @property
    def origin(self) -> Origin:
        """What the cell was computed with."""
        return cell_origin(self.record, self.folder)

    def heading_of(self, shown: int) -> str:
        """The heading of a figure that shows so many of the features; it says so where some are left out."""
        left_out = "" if shown == len(self.names) else f"; {shown} of {len(self.names)} features shown"
        return f"{self.heading}{left_out}"

    def seed(self, purpose: str) -> int:
        """A seed for a figure, equal for all generators on the same data, so that the same real windows are shown."""
        return derive_seed("plots", purpose, self.record.dataset.id, self.record.length, self.record.protocol)


def open_pair(folder: CellFolder, store: Store, data_dir: Path | None, cell: Cell | None = None) -> Pair:
    """The windows of a cell that has samples; raises SkipCell with the reason where they cannot be shown.

    A plan's `cell` gives its title and data set; the title on record is that of the suite that ran it first.
    """
    record = folder.record()
    if not folder.samples.is_file():
        status = folder.status()
        raise SkipCell(f"{status.state}: {status.reason or 'no samples yet'}")
    if record is None:
        raise SkipCell(f"'{folder.path / 'cell.json'}' is missing, damaged or altered; run the suite again")
    spec = cell.dataset if cell else _dataset(record.dataset.id)
    windows = cell_windows(record, spec, store, data_dir)
    samples = _samples(folder)
    title, names = cell.title if cell else record.title, tuple(windows.names)
    return Pair(folder.path.name, title, spec.title or spec.id, record, folder, windows.test, samples, names)


def _samples(folder: CellFolder) -> NDArray[np.float32]:
    try:
        with np.load(folder.samples, allow_pickle=False) as archive:
            return np.asarray(archive["samples"])
    except DAMAGE:
        raise SkipCell(f"'{folder.samples}' is damaged; run the suite again, which draws them anew") from None


def generator_class(pair: Pair) -> type[Generator]:
    """The class of the cell's generator, through the registry."""
    return recorded_class(pair.record)


def open_generator(pair: Pair) -> Generator:
    """The cell's fitted generator; raises SkipCell where its files cannot be read."""
    return open_fitted(pair.folder, pair.record)


def _dataset(name: str) -> DatasetSpec:
    try:
        return load_dataset(name)
    except UserError as error:
        raise SkipCell(
            f"its data set '{name}' is not a shipped one; use plots --suite with the suite's file, or with --csv for a data file"
        ) from error


def some_features(names: tuple[str, ...], most: int) -> list[int]:
    """At most `most` features, evenly spaced, the first among them."""
    count = min(most, len(names))
    return [round(i * (len(names) - 1) / max(count - 1, 1)) for i in range(count)]
