"""Tables are Markdown, byte for byte, where standard output is no terminal, and drawn where it is one."""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path

import pytest

from benchmark.cli.printing import emit, show
from benchmark.report.catalogue import catalogue_tables
from benchmark.report.render import markdown
from benchmark.report.written import written
from tests.benchmark.report.test_text_table import BARE, LABELLED


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A terminal of 70 columns without colors."""
    for name, value in {"COLUMNS": "70", "TERM": "xterm", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    return Screen()


def test_tables_are_markdown_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    emit([LABELLED, BARE, "wrote a"], {}, None)
    assert capsys.readouterr().out == f"{markdown(LABELLED)}\n{markdown(BARE)}\nwrote a\n"
    show(BARE, end="")
    assert capsys.readouterr().out == markdown(BARE)
    emit("text", {}, None)
    assert capsys.readouterr().out == "text\n"


def test_a_list_keeps_its_lines_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    show(catalogue_tables({"scores": {"a": "one", "bee": "two"}, "suites": {}}))
    assert capsys.readouterr().out == "scores:\n  a    one\n  bee  two\nsuites:\n"


def test_tables_are_drawn_on_a_terminal(screen: Screen) -> None:
    path = "wrote " + "a-long-folder/" * 8 + "table.md"
    with contextlib.redirect_stdout(screen):
        emit([LABELLED, path], {}, None)
    lines = re.sub(r"\x1b\[\d*m", "", screen.getvalue()).splitlines()
    assert lines[2].rstrip() == "score  generator  Stocks"
    assert not any("|" in line for line in lines)
    assert lines[-1] == path  # a path is not folded


def test_json_on_standard_output_is_alone_on_a_terminal_too(screen: Screen) -> None:
    with contextlib.redirect_stdout(screen):
        emit([LABELLED], {"a": 1}, "-")
    assert json.loads(screen.getvalue()) == {"a": 1}


def test_many_figures_are_one_line() -> None:
    figures = [Path("plots") / cell / f"embedding.{kind}" for cell in "abc" for kind in ("png", "pdf")]
    assert written([Path("table.md"), *figures]) == ["wrote table.md", "wrote 3 figures (PNG and PDF) under plots"]
    assert written([Path("table.md"), *figures[:4]]) == [f"wrote {path}" for path in ("table.md", *figures[:4])]
