"""Every file that is truncated or has a flipped bit is found, set aside and made again with the same bytes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmark.files import read_json, write_json
from benchmark.plan.cell import Cell
from benchmark.plan.planner import Plan
from benchmark.run.stages import CellRun
from benchmark.store.altered import set_aside_altered
from benchmark.store.check import Soundness, check_store, check_text
from benchmark.store.sealed_record import sealed
from benchmark.store.store import Store
from tests.benchmark.store.states import missing, problems

RECORDS = ("cell.json", "provenance.json", "scores.json", "stages/fit.json", "stages/sample.json")
FILES = ("model/generator.json", "samples.npz", *RECORDS)
DAMAGE = {
    "half": lambda data: data[: len(data) // 2],
    "nothing left": lambda data: b"",
    "a bit": lambda data: data[: len(data) // 3] + bytes([data[len(data) // 3] ^ 1]) + data[len(data) // 3 + 1 :],
}


def altered(store: Store) -> list[str]:
    return [one.path for one in check_store(store) if one.state is Soundness.ALTERED]


def repair(store: Store, cell: Cell, scores: tuple[str, ...]) -> None:
    """What a worker does first and then."""
    stages = store.state(cell, scores, verify=True).missing
    set_aside_altered(store, cell)
    store.cell(cell).write_record(cell)
    run = CellRun(cell, store, "cpu", None, lambda progress: None, lambda: False)
    for stage in stages:
        run.run(stage)


def test_a_sound_store_has_no_altered_file(store: Store, plan: Plan) -> None:
    folder = store.cell(plan.cells[0])
    states = {one.path: one.state for one in check_store(store)}
    base = folder.path.relative_to(store.root).as_posix()
    assert {states[f"{base}/{name}"] for name in FILES} == {Soundness.SOUND}
    assert states[f"{base}/journal.jsonl"] is Soundness.UNKNOWN
    assert set(states.values()) == {Soundness.SOUND, Soundness.UNKNOWN}
    assert check_text(check_store(store)).endswith(" 0 altered, 1 unknown")


@pytest.mark.parametrize("damage", list(DAMAGE))
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named_set_aside_and_made_again(store: Store, plan: Plan, name: str, damage: str) -> None:
    (cell,) = plan.cells
    folder = store.cell(cell)
    path = folder.path / name
    kept = {one: (folder.path / one).read_bytes() for one in ("samples.npz", "scores.json", "cell.json", name)}
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    bad = path.read_bytes()
    assert altered(store) == [path.relative_to(store.root).as_posix()]
    assert len(problems(store, cell)) == 1
    repair(store, cell, plan.scores)
    assert (store.root / "set_aside" / path.relative_to(store.root)).read_bytes() == bad
    assert missing(store, cell, plan.scores) == []
    assert altered(store) == []
    again = {one: (folder.path / one).read_bytes() for one in kept if one != "provenance.json"}
    assert again == {one: data for one, data in kept.items() if one != "provenance.json"}


def test_a_second_damage_of_a_file_is_kept_beside_the_first(store: Store, plan: Plan) -> None:
    (cell,) = plan.cells
    for content in (b"first", b"second"):
        store.cell(cell).samples.write_bytes(content)
        repair(store, cell, plan.scores)
    aside = store.root / "set_aside" / "cells" / cell.slug
    assert {path.name: path.read_bytes() for path in aside.iterdir()} == {
        "samples.npz": b"first",
        "samples.npz.2": b"second",
    }


def test_a_lost_model_is_fitted_again_and_its_samples_stay(store: Store, plan: Plan) -> None:
    (cell,) = plan.cells
    shutil.rmtree(store.cell(cell).model)
    assert list(store.state(cell, plan.scores, verify=True).missing) == ["fit"]
    before = store.cell(cell).samples.stat().st_mtime_ns
    repair(store, cell, plan.scores)
    assert problems(store, cell) == []
    assert store.cell(cell).samples.stat().st_mtime_ns == before


def test_a_record_of_files_elsewhere_is_none(store: Store, plan: Plan, tmp_path: Path) -> None:
    """A stage record that names files outside its cell moves nothing."""
    (cell,) = plan.cells
    outside = tmp_path / "mine"
    outside.write_text("mine")
    write_json(store.cell(cell).path / "stages" / "sample.json", sealed({"key": "k", "files": {"../../../mine": "0"}}))
    assert missing(store, cell, ()) == ["sample"]
    set_aside_altered(store, cell)
    assert outside.read_text() == "mine"


def test_a_record_without_its_checksum_is_altered(store: Store, plan: Plan) -> None:
    (cell,) = plan.cells
    path = store.cell(cell).path / "stages" / "fit.json"
    values = read_json(path)
    values["checksun"] = values.pop("checksum")
    write_json(path, values)
    assert altered(store) == [path.relative_to(store.root).as_posix()]
