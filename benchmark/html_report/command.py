"""The body of `python -m benchmark report`: a suite's page, or that of a kept frame, as one file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.files import write_bytes
from benchmark.html_report.content import Content, of_frame, of_plan
from benchmark.html_report.page import MOST_BYTES, page
from benchmark.plan.planner import Plan
from benchmark.report.available import require_results
from benchmark.report.kept_frame import read_frames
from benchmark.report.suite import suite_folder
from benchmark.store.store import Store

if TYPE_CHECKING:
    import pandas as pd

NAME = "report.html"


@dataclass(frozen=True)
class Written:
    """A page that was written: its path, its size in bytes, that of its pictures, and how many cells stand in it."""

    path: Path
    size: int
    pictures: int
    cells: int

    def text(self) -> str:
        """The outcome as a line, and a second one where the page is too large."""
        line = f"wrote {self.path} ({self.size / 1024**2:.2f} MiB, {self.cells} cell{'' if self.cells == 1 else 's'})"
        if (text := self.size - self.pictures) > MOST_BYTES:
            return (
                f"{line}\nThe page weighs {text / 1024**2:.1f} MiB beside its pictures, more than {MOST_BYTES // 1024**2} MiB; "
                "use --only for a page a data set."
            )
        return line

    def as_json(self) -> dict[str, object]:
        """The outcome with stable keys."""
        return {"file": str(self.path), "bytes": self.size, "picture_bytes": self.pictures, "cells": self.cells}


def report_plan(plan: Plan, store: Store, output: Path | None, *, pictures: bool) -> Written:
    """Write the page of a suite into its folder in the store, or to `output`; raises UserError for a store without it."""
    require_results(plan, store)
    return _write(of_plan(plan, store, with_pictures=pictures), output or suite_folder(plan, store) / NAME)


def report_frames(frames: Sequence[Path], output: Path | None) -> Written:
    """Write the page of kept frames beside the first, or to `output`; raises UserError where a file is no such frame."""
    title = f"Results in {frames[0]}" if len(frames) == 1 else f"Results in {len(frames)} frames"
    return report_rows(read_frames(frames), output or frames[0].with_name(NAME), title)


def report_rows(frame: pd.DataFrame, output: Path, title: str) -> Written:
    """Write the page of a results frame."""
    return _write(of_frame(frame, title), output)


def _write(content: Content, path: Path) -> Written:
    data = page(content).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, data)
    drawn = sum(map(len, re.findall(rb"data:image/png;base64,[^\"]*", data)))
    return Written(path, len(data), drawn, sum(len(part.cards) for part in content.parts))
