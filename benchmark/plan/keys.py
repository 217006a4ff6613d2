"""Between cells and scores: which scores there are, their seeds, keys and what generators share."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchmark.config.budgets import BudgetSpec
from benchmark.config.registry import Registry
from benchmark.plan.cell import Cell, digest
from benchmark.plan.sampling_time import STAGE_SCORES
from benchmark.seeds import derive_seed
from metrics import registry

if TYPE_CHECKING:
    from metrics.base import Metric, MetricInfo

VALIDATION = "validation:"
"""Before a metric's name: its score against the validation windows, by which sweeps choose and which no table reports."""


def score_names() -> list[str]:
    """The names of all metrics, and of the scores of stages."""
    return [*registry.names(), *STAGE_SCORES]


def score_info(name: str) -> MetricInfo:
    """Title, direction, range and decimals of a score; the title says where it compares with validation windows."""
    if name in STAGE_SCORES:
        return STAGE_SCORES[name].info
    info = registry.load(name.removeprefix(VALIDATION)).info
    return replace(info, title=f"{info.title} against validation windows") if is_validation(name) else info


SCORES = Registry("score", score_names, score_info, line=lambda info: info.summary)
"""What suites may ask for."""


def make_metric(name: str, budget: BudgetSpec) -> Metric:
    """The metric of the score of that name with the parameters that a budget gives it."""
    metric = name.removeprefix(VALIDATION)
    return registry.load(metric)(**budget.scores.get(metric, {}))


def is_validation(name: str) -> bool:
    """Whether the score of that name compares with the validation windows instead of the test windows."""
    return name.startswith(VALIDATION)


def metric_identity(metric: Metric) -> dict[str, Any]:
    """What determines a score's value beside the windows and the seeds."""
    names = inspect.signature(type(metric)).parameters
    return {
        "name": metric.info.name,
        "version": metric.info.version,
        "backend": metric.backend,
        "parameters": {name: getattr(metric, name) for name in names},
    }


def score_seeds(cell: Cell, metric: Metric) -> list[int]:
    """One seed a repetition, equal for all generators on the same data, so that comparisons are paired."""
    setting = (cell.dataset.id, cell.length, cell.protocol)
    owner = metric.encoder_of or metric.info.name
    return [derive_seed("metric", owner, *setting, repetition) for repetition in range(cell.budget.repetitions)]


def sample_key(cell: Cell) -> str:
    """The key of a cell's samples."""
    return digest([cell.key, "sample", 1])


def score_key(cell: Cell, name: str) -> str:
    """The key of one score of a cell: the samples, the metric with its parameters, its seeds, the role of the real windows."""
    if name in STAGE_SCORES:
        return STAGE_SCORES[name].key(cell)
    metric = make_metric(name, cell.budget)
    return digest([sample_key(cell), metric_identity(metric), score_seeds(cell, metric), *_role(name)])


def shared_name(cell: Cell, name: str, seed: int) -> str:
    """The folder of what one repetition of a score prepares from the real windows alone."""
    metric = make_metric(name, cell.budget)
    owner = make_metric(metric.encoder_of, cell.budget) if metric.encoder_of else metric
    key = digest([cell.data_identity(), metric_identity(owner), seed, *_role(name)])
    return f"{owner.info.name}-{key}"


def _role(name: str) -> list[str]:
    """What a key adds where the real windows are not the test windows."""
    return ["validation"] if is_validation(name) else []
