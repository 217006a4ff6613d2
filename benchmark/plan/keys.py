"""Between cells and scores: which scores there are, their seeds, keys and what generators share."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchmark.config.budgets import BudgetSpec
from benchmark.config.registry import Registry
from benchmark.plan.cell import Cell, digest
from benchmark.plan.sampling_time import STAGE_SCORES
from benchmark.plan.score_name import ScoreName
from benchmark.seeds import derive_seed
from metrics import registry

if TYPE_CHECKING:
    from metrics.base import Metric, MetricInfo


def score_names() -> list[str]:
    """The names of all metrics, and of the scores of stages."""
    return [*registry.names(), *STAGE_SCORES]


def score_info(name: str) -> MetricInfo:
    """Title, direction, range and decimals of a score; the title says where it compares with validation windows."""
    if name in STAGE_SCORES:
        return STAGE_SCORES[name].info
    score = ScoreName.parse(name)
    info = registry.load(score.metric).info
    title = info.title + (" against validation windows" if score.validation else "")
    return replace(info, title=title + (f", sampling seed {score.sampling_seed}" if score.sampling_seed else ""))


SCORES = Registry("score", score_names, score_info, line=lambda info: info.summary)
"""What suites may ask for."""


def make_metric(name: str, budget: BudgetSpec) -> Metric:
    """The metric of the score of that name with the parameters that a budget gives it."""
    metric = ScoreName.parse(name).metric
    return registry.load(metric)(**budget.scores.get(metric, {}))


def is_validation(name: str) -> bool:
    """Whether the score of that name compares with the validation windows instead of the test windows."""
    return ScoreName.parse(name).validation


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


def sample_key(cell: Cell, sampling_seed: int = 0) -> str:
    """The key of a draw of samples from a cell's fitted model."""
    return digest([cell.key, "sample", 1, *_beyond_first(sampling_seed)])


def sample_seed(cell: Cell, sampling_seed: int = 0) -> int:
    """The seed of a draw of samples from a cell's fitted model."""
    setting = (cell.generator, cell.dataset.id, cell.length, cell.protocol, cell.seed)
    return derive_seed("sample", *setting, *_beyond_first(sampling_seed))


def score_key(cell: Cell, name: str) -> str:
    """The key of one score of a cell: the samples, the metric with its parameters, its seeds, the role of the real windows."""
    if name in STAGE_SCORES:
        return STAGE_SCORES[name].key(cell)
    metric = make_metric(name, cell.budget)
    samples = sample_key(cell, ScoreName.parse(name).sampling_seed)
    return digest([samples, metric_identity(metric), score_seeds(cell, metric), *_role(name)])


def shared_name(cell: Cell, name: str, seed: int) -> str:
    """The folder of what one repetition of a score prepares from the real windows alone."""
    metric = make_metric(name, cell.budget)
    owner = make_metric(metric.encoder_of, cell.budget) if metric.encoder_of else metric
    key = digest([cell.data_identity(), metric_identity(owner), seed, *_role(name)])
    return f"{owner.info.name}-{key}"


def _beyond_first(sampling_seed: int) -> list[int]:
    """What keys and seeds add for draws after the first."""
    return [sampling_seed] if sampling_seed else []


def _role(name: str) -> list[str]:
    """What a key adds where the real windows are not the test windows."""
    return ["validation"] if is_validation(name) else []
