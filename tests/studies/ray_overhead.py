"""What Ray costs: seconds until it is ready, milliseconds a cell beside the local executor, memory of its processes.

    python -m tests.studies.ray_overhead [--cells 6]

An empty task is what Ray itself adds to a cell. The same control cells at budget `smoke`, one at a time, by both executors in
stores of their own; a Ray of this machine with one CPU. Prints JSON with the machine, the load before and after, and the commit.
Needs the extra `ray`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmark.config.suites import SuiteSpec
from benchmark.plan.planner import Plan, make_plan
from benchmark.plan.request import Request
from benchmark.run import launch
from benchmark.run.executors.base import Executor
from benchmark.run.executors.ray_executor import RayExecutor
from benchmark.run.limits import Limits
from benchmark.run.runner import Options, Runner
from benchmark.store import provenance
from benchmark.store.store import Store

TASKS = 8
PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20


def descendants_mib() -> dict[str, float]:
    """MiB of resident memory of the processes that this one has started, itself or by others, by name."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found: dict[str, float] = {}
    for pid in parents:
        above = pid
        while above in parents and above != os.getpid():
            above = parents[above]
        if above == os.getpid() and pid != above:
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            found[name] = found.get(name, 0.0) + int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MIB
    return {name: round(mib, 1) for name, mib in sorted(found.items())}


def empty_task_ms(ray: Any) -> list[float]:
    """Milliseconds of tasks that do nothing, one after the other, each in a Ray worker of its own as that of a cell."""
    empty = ray.remote(max_calls=1)(lambda: None)
    found = []
    for _ in range(TASKS):
        began = time.perf_counter()
        ray.get(empty.remote())
        found.append(round(1000 * (time.perf_counter() - began), 1))
    return sorted(found)


def seconds_of(plan: Plan, options: Options, told: dict[str, Any]) -> float:
    """Seconds from the first cell's start to the last one's end, without the executor's own start."""

    def opened(chosen: Options, limits: Limits) -> Executor:
        began = time.perf_counter()
        executor = launch.open_executor(chosen, limits)
        told["ready"] = time.perf_counter()
        told["start_seconds"] = round(told["ready"] - began, 2)
        if isinstance(executor, RayExecutor):
            told["empty_task_ms"] = empty_task_ms(executor.ray)
            told["resident_mib"] = descendants_mib()
            told["ready"] = time.perf_counter()
        return executor

    class Last:
        """Notes when a cell ends; the executor's end is no cell's."""

        def __getattr__(self, name: str) -> Any:
            if name == "ended":
                told["ended"] = time.perf_counter()
            return lambda *_: None

    with tempfile.TemporaryDirectory() as folder:
        outcomes = Runner(Store(Path(folder) / "store").create(), options, [Last()], opened).run(plan)  # type: ignore[list-item]
    if any(outcome.failed for outcome in outcomes):
        raise SystemExit(f"a cell failed: {[outcome.reason for outcome in outcomes]}")
    return float(told["ended"] - told["ready"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=6)
    cells = parser.parse_args().cells
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke", scores=("duplicates",))
    plan = make_plan(suite, Request(seeds=cells))
    load, told = os.getloadavg()[0], {}
    local = seconds_of(plan, launch.options("cpu", 1, None, None), told)
    ray = seconds_of(plan, launch.options("cpu", 1, None, None, executor="ray"), told)
    result = {
        "cells": cells,
        "start_seconds": told["start_seconds"],
        "empty_task_ms": told["empty_task_ms"],
        "local_ms_a_cell": round(1000 * local / cells),
        "ray_ms_a_cell": round(1000 * ray / cells),
        "overhead_ms_a_cell": round(1000 * (ray - local) / cells),
        "resident_mib": {**told["resident_mib"], "together": round(sum(told["resident_mib"].values()), 1)},
        "processor": provenance.processor_model(),
        "load_before_and_after": [round(load, 1), round(os.getloadavg()[0], 1)],
    }
    facts = {"machine": provenance.machine("cpu"), "versions": provenance.versions(), **provenance.commit()}
    json.dump({**facts, "results": result}, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
