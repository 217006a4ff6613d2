"""Where results and progress are printed: results to standard output, all else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmark.errors import UserError
from benchmark.report.render import markdown
from benchmark.report.text_table import TextTable

Part = str | TextTable
"""What is printed at one go: lines, or a table."""


def emit(content: Part | Iterable[Part], record: Any, target: str | None, end: str = "\n") -> None:
    """Print the content; or the JSON instead, when it goes to standard output."""
    if target == "-":
        print(json.dumps(record, indent=2))
        return
    # What was computed is shown in any case.
    show(content, end)
    if target:
        try:
            Path(target).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise UserError(f"--json '{target}' cannot be written ({error.strerror}); choose another file.") from None


def show(content: Part | Iterable[Part], end: str = "\n") -> None:
    """Print lines, and tables as Markdown; on a terminal tables are drawn to its width."""
    parts = [content] if isinstance(content, Part) else list(content)
    if sys.stdout.isatty():
        _draw(parts)
    else:
        print("\n".join(map(as_text, parts)), end=end)


def as_text(part: Part) -> str:
    """A part as it is printed where there is no terminal."""
    return part if isinstance(part, str) else part.lines_of_text or markdown(part)


def _draw(parts: Iterable[Part]) -> None:
    from rich.console import Console

    from benchmark.report.terminal import terminal

    console = Console(highlight=False)
    for part in parts:
        if isinstance(part, str):
            print(part, flush=True)  # never folded, so that a path can be copied
            continue
        for drawn in terminal(part, console.width):
            console.print(drawn, markup=False)
        console.print()


def report(line: str) -> None:
    """Print a line of progress."""
    print(line, file=sys.stderr, flush=True)
