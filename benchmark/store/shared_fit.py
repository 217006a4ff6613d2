"""A fit that two cells share: they differ in parameters alone that sampling reads, such as a temperature."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from benchmark.plan.cell import SHOWN, Cell, digest, recorded_key
from benchmark.store.cell_folder import CellFolder
from benchmark.store.store import Store


def find_fit(store: Store, cell: Cell, sampling: Set[str]) -> CellFolder | None:
    """The folder of another cell whose finished, unaltered fit is that of `cell` too; None where there is none.

    `sampling` are the parameters of the generator that its fit does not read.
    """
    if not sampling:
        return None
    own = _fit_digest(cell.record(), sampling)
    for folder in store.folders(cell.slug.removesuffix(cell.key)):
        record = folder.record()
        is_other = folder.key != cell.key and recorded_key(record) == folder.key
        if is_other and _fit_digest(record, sampling) == own and folder.is_finished("fit", folder.key):
            return folder
    return None


def fit_digest(cell: Cell) -> str:
    """Identifies a cell's fit: equal for two cells that can share one; empty where its generator shares none."""
    sampling = cell.generator_class.sampling_parameters
    return _fit_digest(cell.record(), sampling) if sampling else ""


def _fit_digest(record: Mapping[str, Any], sampling: Set[str]) -> str:
    """Identifies a fit by a cell's record."""
    content = {name: value for name, value in record.items() if name not in SHOWN}
    return digest({**content, "params": {k: v for k, v in content["params"].items() if k not in sampling}})
