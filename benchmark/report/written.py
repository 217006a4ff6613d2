"""What a command says of the files that it wrote."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

FIGURES = (".png", ".pdf")
FEW = 4
"""As many files of figures at most have a line each."""


def written(files: Sequence[Path]) -> list[str]:
    """A line a file, and one line for the figures where they are more than a few; a figure is a PNG and a PDF."""
    figures = [path for path in files if path.suffix in FIGURES]
    if len(figures) <= FEW:
        return [f"wrote {path}" for path in files]
    folder = os.path.commonpath([path.parent for path in figures])
    count = len({path.with_suffix("") for path in figures})
    kinds = " and ".join(dict.fromkeys(path.suffix[1:].upper() for path in figures))
    others = [f"wrote {path}" for path in files if path.suffix not in FIGURES]
    return [*others, f"wrote {count} figures ({kinds}) under {folder}"]
