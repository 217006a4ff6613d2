"""A fit that two cells share: they differ in parameters alone that sampling reads, such as a temperature."""

from __future__ import annotations

from collections.abc import Set

from benchmark.plan.cell import Cell, digest
from benchmark.store.cell_folder import CellFolder
from benchmark.store.cell_record import CellRecord
from benchmark.store.store import Store


def find_fit(store: Store, cell: Cell, sampling: Set[str]) -> CellFolder | None:
    """The folder of another cell whose finished, unaltered fit is that of `cell` too; None where there is none.

    `sampling` are the parameters of the generator that its fit does not read.
    """
    if not sampling:
        return None
    own = _fit_digest(CellRecord.of(cell), sampling)
    for folder in store.folders(cell.slug.removesuffix(cell.key)):
        record = folder.record() if folder.key != cell.key else None
        if record and _fit_digest(record, sampling) == own and folder.is_finished("fit", folder.key):
            return folder
    return None


def fit_digest(cell: Cell) -> str:
    """Identifies a cell's fit: equal for two cells that can share one; empty where its generator shares none."""
    sampling = cell.generator_class.sampling_parameters
    return _fit_digest(CellRecord.of(cell), sampling) if sampling else ""


def _fit_digest(record: CellRecord, sampling: Set[str]) -> str:
    """Identifies a fit by a cell's record."""
    return digest({**record.identity(), "params": {k: v for k, v in record.params.items() if k not in sampling}})
