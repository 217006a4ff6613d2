from pathlib import Path

import pytest

from tests.studies.record import insert, table


def test_a_table_goes_between_its_marks_and_nothing_else_changes(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- end a -->\nafter\n")
    insert(page, "a", table(["x"], [["1"]]))
    assert page.read_text() == "before\n<!-- a -->\n| x |\n| --- |\n| 1 |\n<!-- end a -->\nafter\n"
    with pytest.raises(SystemExit, match="no place marked <!-- b -->"):
        insert(page, "b", "text")
