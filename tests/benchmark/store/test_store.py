"""What is in a store is what was written there: foreign and altered records are named and not used."""

from __future__ import annotations

import json

import pytest

from benchmark.errors import UserError
from benchmark.files import read_json, write_json
from benchmark.plan.cell import Cell
from benchmark.plan.planner import Plan
from benchmark.report.frame import results_frame
from benchmark.run.stages import CellRun
from benchmark.store.cell_record import CellRecord
from benchmark.store.store import VERSION, Store
from tests.benchmark.store.states import missing, problems


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 99}, f"is of version 99, but this program reads version {VERSION}"),
        ({"version": None}, f"is of version None, but this program reads version {VERSION}"),
        ({"format": "another"}, "is not a store's, or is damaged"),
    ],
)
def test_a_store_of_another_version_is_refused(store: Store, change: dict[str, object], sentence: str) -> None:
    mark = store.root / "store.json"
    write_json(mark, {**read_json(mark), **change})
    kept = mark.read_bytes()
    for use in (store.create, store.opened):
        with pytest.raises(UserError, match=sentence):
            use()
    assert mark.read_bytes() == kept


def test_a_score_edited_by_hand_is_named_and_computed_again(store: Store, plan: Plan) -> None:
    (cell,) = plan.cells
    path = store.cell(cell).path / "scores.json"
    kept = path.read_bytes()
    scores = json.loads(kept)
    scores["duplicates"]["repetitions"] = [99.0]
    path.write_text(json.dumps(scores))
    assert missing(store, cell, plan.scores) == ["score:duplicates"]
    assert problems(store, cell) == ["the record of score duplicates was altered after it was written"]
    rows = results_frame(plan.cells, plan.scores, store).set_index("metric")
    assert rows.loc["duplicates", "status"] == "altered"
    assert "is not used; run the suite again" in rows.loc["duplicates", "reason"]
    assert rows.loc["dcr_ratio", "status"] == "done"
    CellRun(cell, store, "cpu", None, lambda progress: None, lambda: False).run("score:duplicates")
    assert path.read_bytes() == kept


@pytest.mark.parametrize("content", ["null", "{}", "[1, 2", '{"key": "0"}'])
def test_a_cell_record_that_is_damaged_or_of_another_cell_lets_nothing_be_used(
    store: Store, plan: Plan, content: str
) -> None:
    (cell,) = plan.cells
    (store.cell(cell).path / "cell.json").write_text(content)
    assert missing(store, cell, plan.scores) == ["fit", "sample", "score:dcr_ratio", "score:duplicates"]
    assert problems(store, cell) == ["cell.json is altered or of another cell"]
    rows = results_frame(plan.cells, plan.scores, store)
    assert set(rows["status"]) == {"altered"}
    assert "is altered or of another cell" in rows["reason"].iloc[0]


def test_an_edited_parameter_in_a_cell_record_is_noticed(store: Store, plan: Plan) -> None:
    (cell,) = plan.cells
    path = store.cell(cell).path / "cell.json"
    write_json(path, {**read_json(path), "length": 25})
    assert store.cell(cell).record() is None
    assert missing(store, cell, ()) == ["fit", "sample"]


def test_an_edited_title_in_a_cell_record_is_noticed_where_it_has_a_checksum(store: Store, plan: Plan) -> None:
    (cell,) = plan.cells
    path = store.cell(cell).path / "cell.json"
    record = read_json(path)
    write_json(path, {**record, "title": "Another"})
    assert store.cell(cell).record() is None
    write_json(path, {name: value for name, value in record.items() if name != "checksum"})
    assert store.cell(cell).record() == CellRecord.of(cell)
    write_json(path, {**{name: value for name, value in record.items() if name != "checksum"}, "length": "24"})
    assert store.cell(cell).record() is None


def test_altered_samples_are_named(store: Store, plan: Plan) -> None:
    (cell,) = plan.cells
    store.cell(cell).samples.write_bytes(b"other")
    assert problems(store, cell) == ["samples.npz is missing or was altered after it was written"]
    assert missing(store, cell, ()) == ["sample"]


def test_files_of_a_model_may_be_read_by_whoever_may_read_the_others(store: Store, plan: Plan) -> None:
    (cell,) = plan.cells
    usual = (store.cell(cell).path / "cell.json").stat().st_mode
    assert {path.stat().st_mode for path in store.cell(cell).model.rglob("*") if path.is_file()} == {usual}


def test_a_cell_is_told_by_its_source_and_not_by_where_its_module_lies(plan: Plan) -> None:
    def key(**changes: object) -> str:
        values = {name: getattr(plan.cells[0], name) for name in Cell.__dataclass_fields__}
        return Cell(**{**values, **changes}).key

    assert key(class_path="elsewhere:Copy") == key()
    assert len({key(), key(source="0123456789abcdef"), key(version=2)}) == 3


def test_nothing_in_a_store_is_an_absolute_path(store: Store) -> None:
    for path in store.root.rglob("*.json"):
        assert str(store.root.parent) not in path.read_text(), path
