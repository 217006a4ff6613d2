from __future__ import annotations

from tests.studies.keep_cells import merged


def row(cell: str, value: str, status: str = "done") -> dict[str, str]:
    return {"cell": cell, "value": value, "status": status}


def test_finished_cells_replace_those_of_the_same_name_where_they_stand() -> None:
    kept = [row("a", "1"), row("b", "", "missing"), row("b", "", "missing"), row("c", "3")]
    new = [row("b", "2"), row("c", "", "running"), row("d", "4"), row("d", "5")]
    assert merged(kept, new) == [row("a", "1"), row("b", "2"), row("c", "3"), row("d", "4"), row("d", "5")]


def test_a_cell_with_one_unfinished_score_is_not_taken() -> None:
    assert merged([row("a", "1")], [row("a", "2"), row("a", "", "failed")]) == [row("a", "1")]
