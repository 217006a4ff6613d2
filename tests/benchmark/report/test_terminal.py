"""Tables inside the width of a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from benchmark.report.statistics import statistics_of
from benchmark.report.statistics_text import statistics_tables
from benchmark.report.terminal import terminal
from benchmark.report.text_table import Line, Text, TextTable, text_lines
from tests.benchmark.report.long_frame import make_frame
from tests.benchmark.report.test_text_table import LABELLED


def drawn(table: TextTable, width: int, *, color: bool = False) -> str:
    file = io.StringIO()
    console = Console(
        file=file, width=width, force_terminal=color, highlight=False, color_system="standard" if color else None
    )
    for part in terminal(table, width):
        console.print(part, markup=False)
    return file.getvalue()


def parts(text: str) -> list[list[str]]:
    """The heads of the parts of a drawn table."""
    lines = text.splitlines()
    return [lines[place - 1].split() for place, line in enumerate(lines) if line.startswith("──")]


def test_columns_are_aligned_and_numbers_end_at_the_same_place() -> None:
    table = TextTable(
        "T", ("generator", "p", "note"), text_lines([("a", "0.5", "x y"), ("bee", "< 0.001", "z")]), notes=("n",)
    )
    assert [line.rstrip() for line in drawn(table, 60).splitlines()] == [
        "T",
        "",
        "generator        p  note",
        "────────────────────────",
        "a              0.5  x y",
        "bee        < 0.001  z",
        "",
        "- n",
    ]


def test_rows_have_the_first_label_once_and_a_blank_line_between_its_runs() -> None:
    lines = [line.rstrip() for line in drawn(LABELLED, 60).splitlines()]
    assert lines[2:13] == [
        "score  generator  Stocks",
        "───────────────────────────────────────",
        "Score  A          1 a",
        "                  (published 2: tie)",
        "       B          3 ab",
        "       C          4",
        "       O          5",
        "       floor      6",
        "",
        "Other  A          7",
        "",
    ]


def test_marks_are_styles() -> None:
    text = drawn(LABELLED, 60, color=True)
    assert "\x1b[1m1\x1b[0m" in text  # the best is bold
    assert "\x1b[4m3\x1b[0m" in text  # the second is underlined
    assert "\x1b[3mO" in text  # a control is italic


@pytest.mark.parametrize("width", [40, 70, 120, 400])
def test_no_line_is_wider_than_the_terminal_and_no_value_is_lost(width: int) -> None:
    for table in [LABELLED, *statistics_tables(statistics_of(make_frame(2)))]:
        text = drawn(table, width)
        assert max(map(len, text.splitlines())) <= width
        for value in (text.text for line in table.lines for text in line.texts if len(text.text) < 8):
            assert value in text


def test_columns_that_do_not_fit_stand_below_with_what_tells_the_rows() -> None:
    row = ("Stocks 24", "a generator", *(f"0.012{i} ± 0.0034" for i in range(6)))
    other = ("", "another", *row[2:])
    table = TextTable("", ("data", "generator", *(f"score{i}" for i in range(6))), text_lines([row, other]))
    assert parts(drawn(table, 80)) == [
        ["data", "generator", "score0", "score1", "score2"],
        ["data", "generator", "score3", "score4", "score5"],
    ]
    assert len(parts(drawn(table, 200))) == 1
    # The place alone says nothing of a row, although it differs in every one.
    numbered = TextTable("", ("", *table.header[1:]), text_lines([("1", *row[1:]), ("2", *other[1:])]))
    assert [heads[0] for heads in parts(drawn(numbered, 70))] == ["generator"] * 2


def test_a_word_longer_than_the_terminal_is_folded_and_a_bracket_is_no_style() -> None:
    table = TextTable("", ("x", "y"), text_lines([("word" * 20, Text("[bold] 1", "bold"))]))
    text = drawn(table, 30)
    assert max(map(len, text.splitlines())) <= 30
    assert "[bold] 1" in text
    assert text.count("word") >= 18


def test_a_label_is_broken_before_columns_are_parted() -> None:
    lines = (Line((Text("a"), Text("0.012 ± 0.003"), Text("0.012 ± 0.003")), ("Discriminative score",)),)
    table = TextTable("", ("generator", "Sines", "Stocks"), lines, ("score",))
    text = drawn(table, 55)
    assert parts(text) == [["score", "generator", "Sines", "Stocks"]]
    assert [line.rstrip() for line in text.splitlines()][2:4] == [
        "Discriminative  a          0.012 ± 0.003  0.012 ± 0.003",
        "score",
    ]
