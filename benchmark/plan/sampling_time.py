"""How long sampling takes, measured the same way for every generator (Table 6 of the paper).

Times depend on the machine, so they are kept in a cell's provenance and never among its scores.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmark.interface import Generator
from benchmark.plan.cell import Cell, digest
from metrics.base import MetricInfo

TIMING = "timing"
"""The stage's name."""
SAMPLING_TIME = "sampling_time"
"""The name under which a suite asks for the times beside its scores."""
WINDOWS = 256
REPETITIONS = 5

TIMING_INFO = MetricInfo(
    name=SAMPLING_TIME,
    title="Sampling time (s)",
    symbol="Time",
    summary=f"median seconds to sample {WINDOWS} windows, of {REPETITIONS} after one to warm up, one thread",
    higher_is_better=False,
    range=(0.0, float("inf")),
    ideal=0.0,
    cost="light",
    version=1,
    source="Table 6 of the paper, which does not say how many windows it times",
    decimals=2,
    reachable=False,
)


def timing_key(cell: Cell) -> str:
    """The key of a cell's times: the model and how it is timed."""
    return digest([cell.key, TIMING, TIMING_INFO.version, WINDOWS, REPETITIONS])


def time_sampling(
    generator: Generator, seed: int, tick: Callable[[int, int], None], clock: Callable[[], float] = time.perf_counter
) -> dict[str, Any]:
    """Seconds to sample `WINDOWS` windows `REPETITIONS` times, after one that is not counted, and the machine's load then.

    Samples come back as NumPy arrays, so that an accelerator has finished when the clock is read.
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    seconds = []
    for repetition in range(REPETITIONS + 1):
        tick(repetition, REPETITIONS + 1)
        started = clock()
        generator.sample(WINDOWS, seed + repetition)
        seconds.append(clock() - started)
    counted = [round(value, 6) for value in seconds[1:]]
    return {
        "seconds": counted,
        "median_seconds": statistics.median(counted),
        "windows": WINDOWS,
        "warm_up_seconds": round(seconds[0], 6),
        "load": load,
    }
