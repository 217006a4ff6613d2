from __future__ import annotations

from tests.studies.keep_cells import merged


def row(
    cell: str, value: str, status: str = "done", *, key: str = "0", generator: str = "", altered: str = ""
) -> dict[str, str]:
    return {"cell": f"{cell}-{key}", "generator": generator, "value": value, "status": status, "altered": altered}


def test_finished_cells_replace_those_of_the_same_name_where_they_stand() -> None:
    kept = [row("a", "1"), row("b", "", "missing"), row("b", "", "missing"), row("c", "3")]
    new = [row("b", "2"), row("c", "", "running"), row("d", "4"), row("d", "5")]
    assert merged(kept, new) == [row("a", "1"), row("b", "2"), row("c", "3"), row("d", "4"), row("d", "5")]


def test_a_cell_with_one_unfinished_score_is_not_taken() -> None:
    assert merged([row("a", "1")], [row("a", "2"), row("a", "", "failed")]) == [row("a", "1")]


def test_a_cell_of_another_version_takes_the_place_of_the_old_one() -> None:
    assert merged([row("a", "1"), row("b", "2")], [row("a", "3", key="1")]) == [row("a", "3", key="1"), row("b", "2")]


def test_other_parameters_are_another_cell() -> None:
    kept, new = [row("a", "1")], [row("a", "2", altered="vocab_size=256")]
    assert merged(kept, new) == [*kept, *new]


def test_a_generator_that_took_the_name_of_another_is_another_cell() -> None:
    kept, new = [row("a", "1", generator="renamed")], [row("a", "2", key="1", generator="new")]
    assert merged(kept, new) == [*kept, *new]
