"""Scores of stages: what a stage of its own measures, such as the time of sampling (Table 6 of the paper), instead of a metric.

Times depend on the machine, so they stand in a cell's provenance, apart from its other scores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmark.plan.cell import Cell, digest
from metrics.base import MetricInfo

TIMING = "timing"
"""The stage's name."""
SAMPLING_TIME = "sampling_time"
"""The name under which a suite asks for the times beside its scores."""
WINDOWS = 256
REPETITIONS = 5

_SUMMARY = f"median seconds to sample {WINDOWS} windows, of {REPETITIONS} after one to warm up, one thread"

TIMING_INFO = MetricInfo(
    name=SAMPLING_TIME,
    title="Sampling time (s)",
    symbol="Time",
    summary=_SUMMARY,
    higher_is_better=False,
    range=(0.0, float("inf")),
    ideal=0.0,
    cost="light",
    version=1,
    source="Table 6 of the paper, which does not say how many windows it times",
    decimals=2,
    reachable=False,
    depends_on_machine=True,
    caption=f"Sampling time: {_SUMMARY}; the published seconds are for an unspecified number of windows on an NVIDIA RTX 3090.",
)


def timing_key(cell: Cell) -> str:
    """The key of a cell's times: the model and how it is timed."""
    return digest([cell.key, TIMING, TIMING_INFO.version, WINDOWS, REPETITIONS])


@dataclass(frozen=True)
class StageScore:
    """A score that the stage of that name measures; `key` identifies a cell's value."""

    info: MetricInfo
    stage: str
    key: Callable[[Cell], str]


STAGE_SCORES: Mapping[str, StageScore] = {SAMPLING_TIME: StageScore(TIMING_INFO, TIMING, timing_key)}
"""By name, the scores that suites may ask for beside metrics."""
