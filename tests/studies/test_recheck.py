"""Kept cells are chosen by a seed and compared with new records of them."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmark.store.store import Store
from tests.studies.recheck import cell_id, chosen, cpu_seconds, done, machines, moved, text
from tests.studies.record import MEASURED

KEPT = Store(MEASURED / "records")
CHOICE = MEASURED / "recheck" / "chosen.json"


def test_a_seed_chooses_cells_cheapest_first_and_the_choice_is_kept(tmp_path: Path) -> None:
    cells = chosen(KEPT, tmp_path / "chosen.json", 10, 0)
    assert len(set(cells)) == 10
    assert cells == chosen(KEPT, tmp_path / "chosen.json", 10, 1) != chosen(KEPT, tmp_path / "other.json", 10, 1)
    assert [cpu_seconds(cell) for cell in cells] == sorted(cpu_seconds(cell) for cell in cells)


def test_cells_are_compared_with_new_records_of_them(tmp_path: Path) -> None:
    cells = [cell for cell in chosen(KEPT, CHOICE, 10, 0) if cell_id(cell)[1] == "gaussian"]
    again = Store(tmp_path / "again").create()
    for cell in cells:
        shutil.copytree(cell, again.root / "cells" / cell.name)
    assert set(done(again)) == {cell_id(cell) for cell in cells}
    comparisons = moved(cells, again)
    assert len(comparisons) >= 8
    assert all(one["difference"] == 0 for one in comparisons)
    row = text(comparisons).splitlines()[2]
    assert row.startswith(f"| etth | Gaussian | {len(comparisons)} | {len(comparisons)} | 0 | none |")
    assert machines(cells)


def test_no_store_holds_nothing(tmp_path: Path) -> None:
    assert done(Store(tmp_path / "none")) == {}
