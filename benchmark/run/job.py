"""A job: the cell that a worker process computes, as one line of JSON on its standard input."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from benchmark.plan.cell import Cell


@dataclass(frozen=True)
class Job:
    """One cell with the scores wanted, and where and on what to compute them.

    `force` computes finished stages again too, `retry` scores whose failure another attempt would repeat.
    """

    cell: Cell
    scores: tuple[str, ...]
    store: Path
    device: str = "cpu"
    data_dir: Path | None = None
    force: bool = False
    gpu_memory_mib: float | None = None
    gpu_share: float = 1.0
    """The share of the accelerator's memory that PyTorch may take."""
    retry: bool = False


# Python's JSON, since pydantic's has no infinite numbers, which a parameter may be.
_JOB = TypeAdapter(Job)


def dump_job(job: Job) -> str:
    """A job as one line."""
    return json.dumps(_JOB.dump_python(job), default=str)


def parse_job(line: str) -> Job:
    """The job that `dump_job` wrote."""
    return _JOB.validate_python(json.loads(line))
