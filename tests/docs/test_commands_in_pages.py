"""Every command and option that a page shows exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from benchmark.cli.app import app
from tests.conftest import ROOT
from tests.tree import kept_files

SHOWN = re.compile(r"python -m\s+benchmark((?:\s+(?!python\b)[^\s`|#]+)+)")


def pages() -> list[Path]:
    """The Markdown pages and notebooks; the changelog and kept results speak of their own time."""
    found = kept_files(ROOT, ".md", ".ipynb")
    return [path for path in found if path.name != "CHANGELOG.md" and ROOT / "results" not in path.parents]


def commands() -> dict[str, set[str]]:
    """The options of every command, by its words."""
    found: dict[str, set[str]] = {}

    def walk(group: Any, words: str) -> None:
        for name, command in group.commands.items():
            path = f"{words} {name}".strip()
            if hasattr(command, "commands"):
                walk(command, path)
            else:
                options = {option for p in command.params for option in (*p.opts, *p.secondary_opts)}
                found[path] = {*options, "--help", "-h"}

    walk(typer.main.get_command(app), "")
    return found


def unknown(text: str) -> list[str]:
    """The commands and options of a page that do not exist."""
    known, wrong = commands(), []
    for shown in SHOWN.findall(text):
        words = shown.split()
        if words[0].startswith("-") or not re.fullmatch(r"[a-z-]+", words[0]):
            continue
        path = next((p for p in (" ".join(words[:2]), words[0]) if p in known), None)
        if path is None:
            wrong += [words[0]]
            continue
        options = [word.partition("=")[0].strip("`,.;:)") for word in words if word.startswith("--")]
        wrong += [f"{path} {option}" for option in options if option not in known[path]]
    return wrong


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_and_option_of_a_page_exists(path: Path) -> None:
    assert unknown(path.read_text(encoding="utf-8")) == []


def test_a_command_or_an_option_that_does_not_exist_is_found() -> None:
    text = "`python -m benchmark run --suite a --sweet b`, python -m benchmark dance\n    python -m benchmark data show x --csv=y"
    assert unknown(text) == ["run --sweet", "dance", "data show --csv"]
