"""Altered files of a cell: moved to `set_aside/`, so that nothing uses them and the next run computes them again."""

from __future__ import annotations

import shutil

from benchmark.plan.cell import Cell
from benchmark.store.store import Store


def set_aside_altered(store: Store, cell: Cell) -> None:
    """Set aside what was altered of a cell, which must be locked; its intact scores stay where they are."""
    folder = store.cell(cell)
    record = folder.path / "cell.json"
    if folder.has_results() and folder.record() is None and record.exists():
        store.set_aside(record)
    altered = [name for stage in folder.finished_stages() for name in folder.altered_files(folder.finished(stage))]
    for name in {*altered, *folder.altered_records()} - {"scores.json"}:
        if (folder.path / name).exists():
            store.set_aside(folder.path / name)
    if "scores.json" in folder.altered_records():
        scores = folder.path / "scores.json"
        kept = store.set_aside(scores)
        shutil.copy2(kept, scores)
        folder.keep_intact_scores()
