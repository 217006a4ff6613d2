"""The time of sampling, measured the same way for every generator (Table 6 of the paper)."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmark.interface import Generator
from benchmark.plan.sampling_time import REPETITIONS, WINDOWS


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
