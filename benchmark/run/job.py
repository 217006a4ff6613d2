"""A job: the cell that a worker process computes, as one line of JSON on its standard input."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.config.budgets import BudgetSpec
from benchmark.config.needs import Needs
from benchmark.data import DatasetSpec
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
    checkpoint_seconds: float = 20.0
    force: bool = False
    gpu_memory_mib: float | None = None
    gpu_share: float = 1.0
    """The share of the accelerator's memory that PyTorch may take."""
    retry: bool = False


def dump_job(job: Job) -> str:
    """A job as one line."""
    cell = {name: getattr(job.cell, name) for name in Cell.__dataclass_fields__}
    cell["dataset"] = job.cell.dataset.model_dump(mode="json")
    cell["budget"] = job.cell.budget.model_dump(mode="json")
    cell["needs"] = job.cell.needs.model_dump(mode="json")
    values = {
        "cell": cell,
        "scores": list(job.scores),
        "store": str(job.store),
        "device": job.device,
        "data_dir": str(job.data_dir) if job.data_dir else None,
        "checkpoint_seconds": job.checkpoint_seconds,
        "force": job.force,
        "gpu_memory_mib": job.gpu_memory_mib,
        "gpu_share": job.gpu_share,
        "retry": job.retry,
    }
    return json.dumps(values)


def parse_job(line: str) -> Job:
    """The job that `dump_job` wrote."""
    values: dict[str, Any] = json.loads(line)
    cell = dict(values["cell"])
    cell["dataset"] = DatasetSpec.model_validate(cell["dataset"])
    cell["budget"] = BudgetSpec.model_validate(cell["budget"])
    cell["needs"] = Needs.model_validate(cell["needs"])
    return Job(
        cell=Cell(**cell),
        scores=tuple(values["scores"]),
        store=Path(values["store"]),
        device=values["device"],
        data_dir=Path(values["data_dir"]) if values["data_dir"] else None,
        checkpoint_seconds=values["checkpoint_seconds"],
        force=values["force"],
        gpu_memory_mib=values["gpu_memory_mib"],
        gpu_share=values["gpu_share"],
        retry=values["retry"],
    )
