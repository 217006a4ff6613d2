"""The time of sampling as a quantity that suites may ask for beside metrics (Table 6 of the paper).

Times depend on the machine, so they stand in a cell's provenance, apart from its scores.
"""

from __future__ import annotations

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
