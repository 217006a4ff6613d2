"""Records of finished cells are a store that `compare` reads."""

from __future__ import annotations

from pathlib import Path

from benchmark.compare.command import compare
from benchmark.store.store import Store
from tests.studies.keep_records import RECORDS, keep
from tests.studies.record import MEASURED


def test_finished_cells_are_kept_once_without_models_and_samples(tmp_path: Path) -> None:
    kept = Store(MEASURED / "records")
    copy = Store(tmp_path / "copy").create()
    names = keep(kept, copy)
    assert len(names) >= 14
    assert keep(kept, copy) == []
    for name in names:
        assert sorted(path.name for path in (copy.root / "cells" / name).iterdir()) == sorted(RECORDS)


def test_an_unfinished_cell_is_left_out(tmp_path: Path) -> None:
    copy = Store(tmp_path / "copy").create()
    names = keep(Store(MEASURED / "records"), copy)
    (copy.root / "cells" / names[0] / "status.json").unlink()
    assert set(keep(copy, Store(tmp_path / "again").create())) == set(names[1:])


def test_the_kept_records_are_intact_and_compare_with_themselves() -> None:
    kept = Store(MEASURED / "records")
    totals = compare(kept, kept).record["totals"]
    assert totals["same"] >= 50
    assert totals["better"] == totals["worse"] == totals["undecided"] == 0
