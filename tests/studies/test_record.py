from pathlib import Path

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from tests.studies.parity import holm
from tests.studies.record import insert, table


def test_holm_of_a_worked_example() -> None:
    """Holm 1979: 0.01, 0.04, 0.03, 0.005 become 4 · 0.005, 3 · 0.01, 2 · 0.03, and 0.06 once more."""
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    p = np.random.default_rng(0).random(27)
    assert (holm(p) >= false_discovery_control(p)).all()


def test_a_table_goes_between_its_marks_and_nothing_else_changes(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- end a -->\nafter\n")
    insert(page, "a", table(["x"], [["1"]]))
    assert page.read_text() == "before\n<!-- a -->\n| x |\n| --- |\n| 1 |\n<!-- end a -->\nafter\n"
    with pytest.raises(SystemExit, match="no place marked <!-- b -->"):
        insert(page, "b", "text")
