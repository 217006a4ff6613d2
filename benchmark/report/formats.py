"""The formats of a table, and which of them a file's name asks for."""

from __future__ import annotations

from pathlib import Path

from benchmark.errors import UserError

FILES = {"table.md": "markdown", "table.tex": "latex", "table.html": "html", "results.csv": "csv"}
"""The files that a suite leaves behind, each with its format."""
FORMATS = (*FILES.values(), "latex-fragment")
SUFFIXES = {"": "markdown", ".md": "markdown", ".txt": "markdown", ".tex": "latex", ".html": "html", ".csv": "csv"}


def format_of(output: Path | None) -> str:
    """The format that a file's suffix asks for, markdown without a file; raises UserError for any other suffix."""
    suffix = output.suffix.lower() if output else ""
    if suffix not in SUFFIXES:
        known = ", ".join(filter(None, SUFFIXES))
        raise UserError(
            f"--output '{output}' ends in '{suffix}', which is no format of a table; use {known}, or give --format."
        )
    return SUFFIXES[suffix]
