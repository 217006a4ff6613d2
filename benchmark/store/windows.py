"""The windows that a cell was computed from, by its record."""

from __future__ import annotations

from pathlib import Path

from benchmark.data import DatasetSpec, WindowSet, fingerprint, load_windows
from benchmark.data.split import seed_of_split
from benchmark.errors import SkipCell
from benchmark.store.cell_record import CellRecord
from benchmark.store.store import Store


def cell_windows(record: CellRecord, spec: DatasetSpec, store: Store, data_dir: Path | None) -> WindowSet:
    """The windows of a cell with that record; raises SkipCell where the data are not those that it was computed from."""
    if fingerprint(spec, data_dir) != record.fingerprint:
        raise SkipCell(f"the data of '{spec.id}' are not those that the cell was computed from")
    return load_windows(
        spec,
        record.length,
        record.protocol,
        view=record.view,
        data_dir=data_dir,
        cache_dir=store.shared("data"),
        limit=record.max_windows,
        seed_for_split=seed_of_split(record.dataset.id, record.length, record.protocol),
    )
