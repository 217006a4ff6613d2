"""How far more workers help: recorded times of cells replayed on 1 to 1,000 workers, and what a store's disk takes.

    python -m tests.studies.scaling [--seconds 2]

A cell's time is that of its training and sampling in `results/measured/*/results.csv`; scores are left out. Cells start in the
order of the runner, the longest first. The simulation knows no cost beside `OVERHEAD_SECONDS` a cell, a worker process's start.
Operations of a store are counted in processes that each work on a cell of their own: `lock`, taken and freed; `record`, a status
that is written, flushed to the disk and read again. Both are kept in `results/measured/scaling/scaling.json`.
"""

from __future__ import annotations

import argparse
import csv
import heapq
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmark.store import provenance
from benchmark.store.cell_folder import CellFolder
from benchmark.store.records import State, Status
from benchmark.store.store import Store
from tests.studies import record

WORKERS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
PROCESSES = (1, 2, 4, 8, 16)
SEEDS = (1, 10)
"""Times that every recorded cell is replayed, as with so many training seeds."""
OVERHEAD_SECONDS = 3.0


def recorded_seconds() -> list[float]:
    """Seconds of training and sampling of every cell that a kept results frame has."""
    found: dict[tuple[str, str], float] = {}
    for path in sorted(record.MEASURED.glob("*/results.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["status"] == "done" and row["fit_seconds"] and row["sample_seconds"]:
                    found[path.parent.name, row["cell"]] = float(row["fit_seconds"]) + float(row["sample_seconds"])
    return list(found.values())


def makespan(seconds: Sequence[float], workers: int) -> float:
    """When the last cell ends, where each worker takes the longest cell that waits."""
    free = [0.0] * workers
    for duration in sorted(seconds, reverse=True):
        heapq.heappush(free, heapq.heappop(free) + duration)
    return max(free)


def replay(seconds: Sequence[float], workers: int) -> dict[str, float]:
    """Wall time, speed-up and efficiency on so many workers, and the least wall time that any order could have."""
    spent = [one + OVERHEAD_SECONDS for one in seconds]
    wall, total = makespan(spent, workers), sum(spent)
    bound = max(max(spent), total / workers)
    return {
        "workers": workers,
        "wall_seconds": round(wall, 1),
        "speed_up": round(total / wall, 2),
        "efficiency": round(total / wall / workers, 4),
        "least_wall_seconds": round(bound, 1),
    }


def _lock(store: Store, name: str) -> None:
    with store.lock(name, timeout=0):
        pass


def _record(store: Store, name: str) -> None:
    folder = CellFolder(store.root / "cells" / name)
    folder.path.mkdir(exist_ok=True)
    folder.write_status(Status(state=State.RUNNING, reason=name))
    folder.status()


OPERATIONS: dict[str, Callable[[Store, str], None]] = {"lock": _lock, "record": _record}


def count(root: str, operation: str, number: int, seconds: float, begin: Any, counts: Any) -> None:
    """In a process of its own: how often an operation ends within `seconds` once all processes are there."""
    store, done = Store(Path(root)), 0
    OPERATIONS[operation](store, f"cell-{number}")
    begin.wait()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        OPERATIONS[operation](store, f"cell-{number}")
        done += 1
    counts.put(done)


def operations_a_second(operation: str, processes: int, seconds: float) -> float:
    """Operations a second of so many processes together on one store."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(dir=".") as folder:
        store = Store(Path(folder) / "store").create()
        begin, counts = context.Barrier(processes), context.Queue()
        all_processes = [
            context.Process(target=count, args=(str(store.root), operation, number, seconds, begin, counts))
            for number in range(processes)
        ]
        for process in all_processes:
            process.start()
        done = sum(counts.get() for _ in all_processes)
        for process in all_processes:
            process.join()
    return done / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="Seconds of each count of operations.")
    arguments = parser.parse_args()
    seconds, load = recorded_seconds(), os.getloadavg()[0]
    results: dict[str, Any] = {
        "processor": provenance.processor_model(),
        "cells": len(seconds),
        "total_seconds": round(sum(seconds), 1),
        "longest_seconds": round(max(seconds), 1),
        "overhead_seconds": OVERHEAD_SECONDS,
        "replay": {f"{seeds} seeds": [replay(seconds * seeds, workers) for workers in WORKERS] for seeds in SEEDS},
        "operations_a_second": {
            operation: {str(n): round(operations_a_second(operation, n, arguments.seconds), 1) for n in PROCESSES}
            for operation in OPERATIONS
        },
    }
    results["load_before_and_after"] = [round(load, 1), round(os.getloadavg()[0], 1)]
    record.write(record.MEASURED / "scaling" / "scaling.json", results)


if __name__ == "__main__":
    main()
