"""Between cells and scores: which scores there are, their seeds, keys and what generators share."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchmark.config.budgets import BudgetSpec
from benchmark.plan.cell import Cell, digest
from benchmark.seeds import derive_seed
from metrics import registry

if TYPE_CHECKING:
    from metrics.base import DataSheet, Metric

VALIDATION = "validation:"
"""Before a metric's name: its score against the validation windows, which sweeps choose by and no table reports."""


def score_names() -> list[str]:
    """The names of all scores."""
    return registry.names()


def make_metric(name: str, budget: BudgetSpec) -> Metric:
    """The metric of the score of that name with the parameters a budget gives it."""
    metric = name.removeprefix(VALIDATION)
    return registry.load(metric)(**budget.scores.get(metric, {}))


def score_sheet(name: str) -> DataSheet:
    """The data sheet of a score's metric, under a title that names the validation windows where it compares with them."""
    sheet = registry.load(name.removeprefix(VALIDATION)).sheet
    return replace(sheet, title=f"{sheet.title} against validation windows") if is_validation(name) else sheet


def is_validation(name: str) -> bool:
    """Whether the score of that name compares with the validation windows instead of the test windows."""
    return name.startswith(VALIDATION)


def metric_identity(metric: Metric) -> dict[str, Any]:
    """What determines a score's value beside the windows and the seeds."""
    names = inspect.signature(type(metric)).parameters
    return {
        "name": metric.sheet.name,
        "version": metric.sheet.version,
        "backend": metric.backend,
        "parameters": {name: getattr(metric, name) for name in names},
    }


def score_seeds(cell: Cell, metric: Metric) -> list[int]:
    """One seed a repetition, equal for all generators on the same data, so that comparisons are paired."""
    place = (cell.dataset.id, cell.length, cell.protocol)
    owner = metric.encoder_of or metric.sheet.name
    return [derive_seed("metric", owner, *place, repetition) for repetition in range(cell.budget.repetitions)]


def sample_key(cell: Cell) -> str:
    """The key of a cell's samples."""
    return digest([cell.key, "sample", 1])


def score_key(cell: Cell, metric: Metric, *, validation: bool = False) -> str:
    """The key of one score of a cell: the samples it reads, what it computes, its seeds, and the windows it compares with."""
    return digest([sample_key(cell), metric_identity(metric), score_seeds(cell, metric), *_role(validation)])


def shared_name(cell: Cell, metric: Metric, seed: int, *, validation: bool = False) -> str:
    """The folder of what one repetition of a score prepares from the test windows, or the validation windows, alone."""
    owner = make_metric(metric.encoder_of, cell.budget) if metric.encoder_of else metric
    key = digest([cell.data_identity(), metric_identity(owner), seed, *_role(validation)])
    return f"{owner.sheet.name}-{key}"


def _role(validation: bool) -> list[str]:
    """What a key adds where the real windows are not the test windows."""
    return ["validation"] if validation else []
