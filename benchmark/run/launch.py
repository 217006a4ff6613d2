"""One run of a plan as the command line asks for it: device, workers, display, preview."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmark.data import download_folder, fetch
from benchmark.errors import UserError, unknown
from benchmark.plan.planner import Plan
from benchmark.run.progress import BarDisplay, Display, LineDisplay, cell_name
from benchmark.run.runner import Options, Outcome, Runner
from benchmark.run.stages import all_stages, pending
from benchmark.store.history import History, duration
from benchmark.store.store import Store
from benchmark.tracking.destination import OFF, check
from benchmark.tracking.observer import UNTRACKED, Tracking

DEVICES = ("auto", "cpu", "cuda")


def options(
    device: str,
    workers: int | None,
    data_dir: Path | None,
    retry: str | None,
    tracking: str | None = OFF,
    *,
    force: bool = False,
) -> Options:
    """Checked options; raises UserError for a device that is not there and for a place to track that is none."""
    check(tracking)
    chosen = choose_device(device)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # One accelerator serves one cell at a time; a core serves one single-threaded child.
    default = 1 if chosen == "cuda" else cores
    return Options(chosen, workers or default, data_dir, retry_failed=retry == "failed", force=force, tracking=tracking)


def choose_device(device: str) -> str:
    """ "auto" resolved to what is there; raises UserError where the device does not exist."""
    if device not in DEVICES:
        raise unknown("device", device, DEVICES)
    if device == "cpu":
        return device
    import torch

    there = torch.cuda.is_available()
    if device == "cuda" and not there:
        raise UserError("--device cuda was asked for, but PyTorch finds no CUDA device here; use --device cpu or auto.")
    return "cuda" if there else "cpu"


def fetch_missing(plan: Plan, data_dir: Path | None, write: Callable[[str], None]) -> bool:
    """Download the files that skipped cells lack, where their data sets have an address; whether any came.

    A download that fails leaves the cell skipped: one data set that cannot be had keeps nobody from the others.
    """
    came = False
    for dataset in {cell.dataset.id: cell.dataset for cell in plan.cells if cell.skip and cell.dataset.url}.values():
        write(f"downloading {dataset.file} from {dataset.url}")
        try:
            fetch(dataset, download_folder(data_dir))
            came = True
        except UserError as error:
            write(str(error))
    return came


def run(
    plan: Plan, store: Store, chosen: Options, write: Callable[[str], None], tracking: Tracking = UNTRACKED
) -> list[Outcome]:
    """Run a plan under a progress display on standard error: bars on a terminal, lines elsewhere."""
    for cell in plan.cells:
        for problem in store.cell(cell).problems(cell):
            write(f"{cell_name(cell)}: {problem}; it is not used, and is computed again")
    history = History(store)
    with _display(len(plan.cells), write) as display:
        runner = Runner(store, chosen, tracking.watching(display))
        # The longest cells start first, so that the last one does not keep everybody waiting.
        # What is not known to be short counts as the longest.
        return runner.run(plan, lambda cell: history.cell_seconds(cell, pending(cell, plan.scores, store)) or math.inf)


def ticker(write: Callable[[str], None]) -> Callable[[str, int, int], None]:
    """A progress callback for work in this process: a line whenever something new begins."""
    last = ""

    def tick(what: str, done: int, total: int) -> None:
        nonlocal last
        del done, total
        if what != last:
            write(what)
            last = what

    return tick


def _display(total: int, write: Callable[[str], None]) -> Display:
    if not sys.stderr.isatty():
        return LineDisplay(total, write)
    from rich.console import Console

    return BarDisplay(total, Console(stderr=True))


def preview(plan: Plan, store: Store, chosen: Options) -> dict[str, Any]:
    """What a run would do: each cell with its missing stages, and seconds from history."""
    history = History(store)
    cells = []
    for cell in plan.cells:
        stages = all_stages(plan.scores) if chosen.force else pending(cell, plan.scores, store)
        seconds = 0.0 if cell.skip else history.cell_seconds(cell, stages)
        state = "done" if not stages else ("skipped" if cell.skip else "missing")
        cells.append(
            {"cell": cell.slug, "name": cell_name(cell), "state": state, "reason": cell.skip or "", "missing": stages,
             "seconds": None if seconds is None else round(seconds, 1)}
        )  # fmt: skip
    known = [float(str(cell["seconds"])) for cell in cells if cell["seconds"] is not None]
    return {
        "cells": cells,
        "workers": chosen.workers,
        "device": chosen.device,
        "seconds": round(sum(known) / chosen.workers, 1),
        "unknown": len(cells) - len(known),
    }


def preview_text(found: dict[str, Any]) -> str:
    """A preview as lines."""
    lines = []
    for cell in found["cells"]:
        todo = cell["reason"] or ", ".join(cell["missing"]) or "nothing to compute"
        about = ", time not known" if cell["seconds"] is None else _about(cell["seconds"])
        lines.append(f"{cell['name']}: {cell['state']} ({todo}){about}")
    missing = sum(cell["state"] == "missing" for cell in found["cells"])
    lines.append(
        f"{missing} of {len(found['cells'])} cells to compute with {found['workers']} workers on {found['device']}"
        + _about(found["seconds"])
        + (f", and {found['unknown']} whose time is not known" if found["unknown"] else "")
    )
    return "\n".join(lines)


def _about(seconds: float) -> str:
    return f", about {duration(seconds)}" if seconds else ""
