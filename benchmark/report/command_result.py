"""What `sweep`, `ablate`, `statistics` and `compare` end with: a text and a record to print, and files of tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.files import write_bytes
from benchmark.report.latex import document, latex
from benchmark.report.render import comma_separated, markdown
from benchmark.report.text_table import TextTable


@dataclass(frozen=True)
class CommandResult:
    """What a command prints, lines and tables, the same as a record with stable keys, and whether a trial or a cell failed."""

    content: tuple[str | TextTable, ...]
    record: dict[str, Any]
    failed: bool


def write_tables(folder: Path, name: str, tables: Sequence[TextTable]) -> list[Path]:
    """Write tables one after the other as `name.md`, `name.tex` and `name.csv`; the paths, none where there is no table."""
    if not tables:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "md": "\n".join(map(markdown, tables)),
        "tex": document("\n".join(map(latex, tables))),
        "csv": "\n".join(map(comma_separated, tables)),
    }
    for suffix, text in texts.items():
        write_bytes(folder / f"{name}.{suffix}", text.encode())
    return [folder / f"{name}.{suffix}" for suffix in texts]
