"""The figures that a store holds of a suite, small enough for a page: PNG of at most 1,000 pixels' width and 128 colors."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

WIDTH = 1000
COLORS = 128


@dataclass(frozen=True)
class Picture:
    """A figure: its name, such as "embedding", its size in pixels, and its content as a data address."""

    name: str
    width: int
    height: int
    address: str


def pictures(folders: Iterable[Path]) -> tuple[Picture, ...]:
    """The PNG files of the first folder that has any, by name; a file that is no picture is left out."""
    for folder in folders:
        found = [picture for path in sorted(folder.glob("*.png")) if (picture := read(path)) is not None]
        if found:
            return tuple(found)
    return ()


def read(path: Path) -> Picture | None:
    """A PNG file as a picture; None where it is damaged."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            shown = image.convert("RGB")
    except (OSError, UnidentifiedImageError, ValueError):
        return None
    if shown.width > WIDTH:
        shown = shown.resize((WIDTH, round(shown.height * WIDTH / shown.width)), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    shown.quantize(COLORS).save(data, format="PNG", optimize=True)
    address = f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"
    return Picture(path.stem.replace("_", " "), shown.width, shown.height, address)
