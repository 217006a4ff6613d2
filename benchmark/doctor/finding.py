"""One fact about this machine that the program depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "missing"]


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        area: What it is about, such as "packages".
        name: The thing in question, such as "numpy".
        level: "ok"; "warning" where something is optional or scarce; "missing" where it is absent or unusable.
        said: What was found, in words.
        remedy: What to type; "" where nothing has to be done.
        blocking: Whether the main job cannot run before it is solved.
    """

    area: str
    name: str
    level: Level
    said: str
    remedy: str = ""
    blocking: bool = False
