from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import UserError
from benchmark.report.formats import format_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.tex", "latex"), ("a.HTML", "html"), ("a.csv", "csv"), ("a.md", "markdown"), ("a", "markdown")],
)
def test_the_suffix_of_a_file_is_its_format(name: str, expected: str) -> None:
    assert format_of(Path(name)) == expected
    assert format_of(None) == "markdown"


def test_a_suffix_without_a_format_is_refused() -> None:
    with pytest.raises(
        UserError, match=r"--output 'a\.docx' ends in '\.docx', which is no format of a table; use \.md, "
    ):
        format_of(Path("a.docx"))
