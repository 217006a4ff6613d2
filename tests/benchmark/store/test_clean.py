from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmark.errors import UserError
from benchmark.external.entered import CLASS_PATH, is_replaceable
from benchmark.files import read_json, write_json
from benchmark.plan.planner import Plan
from benchmark.store.clean import clean_text, removals, remove
from benchmark.store.store import Store


def paths(store: Store, **options: object) -> list[str]:
    return [one.path for one in removals(store, **options)]


def old(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    os.utime(path, (0, 0))
    return path


def test_a_clean_store_loses_nothing(store: Store) -> None:
    assert paths(store) == []
    assert clean_text([], removed=False) == "nothing to remove"


def test_leftovers_are_listed_and_removed_and_results_stay(store: Store, plan: Plan) -> None:
    folder = store.cell(plan.cells[0])
    base = f"cells/{plan.cells[0].slug}"
    old(folder.path / ".samples.npz.7.part")
    old(folder.checkpoint / "stage.safetensors")
    old(folder.checkpoint / ".stage.safetensors.7.part")
    (folder.path / ".scores.json.8.part").write_text("being written now")
    old(store.root / "set_aside" / base / "samples.npz")
    found = removals(store)
    assert [one.path for one in found] == ["set_aside", f"{base}/.samples.npz.7.part", f"{base}/checkpoint"]
    assert all((store.root / one.path).exists() for one in found)
    assert [one.size for one in found] == [1, 1, 2]
    with store.lock(plan.cells[0].key, timeout=0):
        assert paths(store) == ["set_aside"]
        remove(store, found)
        assert folder.checkpoint.exists()
    remove(store, found)
    assert paths(store) == []
    assert (folder.path / ".scores.json.8.part").exists()
    assert folder.samples.exists()


def test_the_checkpoint_of_a_fit_that_is_made_again_stays(store: Store, plan: Plan) -> None:
    folder = store.cell(plan.cells[0])
    old(folder.checkpoint / "stage.safetensors")
    folder.forced.touch()
    assert paths(store) == []
    folder.forced.unlink()
    assert paths(store) == [f"cells/{plan.cells[0].slug}/checkpoint"]


def test_a_table_that_was_saved_otherwise_is_named(store: Store) -> None:
    (store.root / "suites" / "x").mkdir()
    (store.root / "suites" / "x" / "results.csv").write_text("cell;generator\na;copy\n")
    with pytest.raises(UserError, match=r"results\.csv' has no column 'cell'; write it again"):
        paths(store, removable=is_replaceable)


def test_cells_that_no_table_names_go_only_where_that_is_asked_for(store: Store, plan: Plan) -> None:
    (cell,) = plan.cells
    assert paths(store, removable=is_replaceable) == [f"cells/{cell.slug}"]
    path = store.cell(cell).path / "cell.json"
    kept = path.read_bytes()
    write_json(path, {**read_json(path), "class": CLASS_PATH})
    assert paths(store, removable=is_replaceable) == []
    path.write_bytes(kept)
    (store.root / "suites" / "x").mkdir()
    (store.root / "suites" / "x" / "results.csv").write_text(f"cell,generator\n{cell.slug},copy\n")
    assert paths(store, removable=is_replaceable) == []
