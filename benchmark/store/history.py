"""The expected time of a plan: from measured stages in the store, else from the amount of training."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any

from benchmark.config.budgets import BUDGETS
from benchmark.config.generators import load_spec, resolve
from benchmark.data import window_counts
from benchmark.errors import UserError
from benchmark.plan.cell import Cell
from benchmark.plan.score_name import ScoreName
from benchmark.store.shared_fit import find_fit
from benchmark.store.store import Store

CHEAP_SECONDS = {"fit": 2.0, "sample": 5.0, "timing": 20.0, "score": 10.0}
"""Without history: a control's fit, and what the other stages take on a small data set and windows of 24 steps."""
BUDGETED_LENGTH = 24
"""Steps of the windows that a budget's minutes are meant for; the cost of a training step grows about as the windows do."""
REFERENCES = ("fast", "quick")
"""Budgets that state their minutes, the nearest to a long training first."""


class History:
    """Seconds of finished stages, looked up from the most similar to the least similar cell.

    With `force`, cells are computed again, so that none takes its fit from another one.
    """

    def __init__(self, store: Store, *, force: bool = False) -> None:
        self.store, self.force = store, force
        self.seconds: dict[tuple[object, ...], list[float]] = {}
        for record in store.all_provenance():
            for stage, measured in record.stages.items():
                spent = measured.wall_seconds - (measured.preparing_seconds or 0.0)
                for key in _keys(stage, record.generator, record.dataset, record.length, record.budget):
                    self.seconds.setdefault(key, []).append(spent)

    def stage_seconds(self, cell: Cell, stage: str) -> float | None:
        """Seconds that one stage of a cell will take; None where nothing tells."""
        if stage == "fit" and not self.force and find_fit(self.store, cell, cell.generator_class.sampling_parameters):
            return CHEAP_SECONDS[stage]
        known = self.known_seconds(cell, stage)
        return self._by_work(cell) if known is None else known

    def known_seconds(self, cell: Cell, stage: str) -> float | None:
        """The same without building the generator: None for a fit that nobody measured and whose budget states no minutes."""
        known = self._remembered(cell, stage, cell.budget.name)
        if known is not None:
            return known
        longer = max(1.0, cell.length / BUDGETED_LENGTH)
        if stage == "fit" and cell.size_class != "control":
            minutes = cell.budget.train_cpu_minutes
            return 60 * minutes * longer if minutes else None
        kind = stage.partition(":")[0]
        return CHEAP_SECONDS[kind] * (longer if kind != "fit" else 1.0)

    def cell_seconds(self, cell: Cell, stages: Iterable[str]) -> float | None:
        """Seconds that some stages of a cell will take; None where that of one is not known."""
        each = [self.stage_seconds(cell, stage) for stage in stages]
        return None if None in each else sum(filter(None, each))

    def _remembered(self, cell: Cell, stage: str, budget: str) -> float | None:
        keys = _keys(stage, cell.generator, cell.dataset.id, cell.length, budget)
        return next((median(self.seconds[key]) for key in keys if key in self.seconds), None)

    def _by_work(self, cell: Cell) -> float | None:
        """Seconds of a fit by those of a shorter budget, in proportion to parameters and to the windows in all batches."""
        here = training_work(cell, cell.params)
        for budget in REFERENCES:
            there = training_work(cell, params) if (params := _params_at(cell, budget)) is not None else None
            minutes = BUDGETS.load(budget).train_cpu_minutes
            if here and there and minutes:
                stated = 60 * minutes * max(1.0, cell.length / BUDGETED_LENGTH)
                return (self._remembered(cell, "fit", budget) or stated) * here / there
        return None


def training_work(cell: Cell, params: dict[str, Any]) -> float | None:
    """Trainable parameters times the windows in all training batches, with `params`; None where that is not known."""
    try:
        generator = cell.generator_class(**params)
        counts = window_counts(cell.dataset, (cell.length,)) or {}
        windows = generator.training_windows(counts.get(cell.length, 0))
        return windows * sum(generator.parameter_counts(cell.length, cell.features).values()) if windows else None
    except Exception:  # somebody else's code runs here, and a shorter budget's parameters may not go with the others
        return None


def _params_at(cell: Cell, budget: str) -> dict[str, Any] | None:
    """The parameters that the cell's generator has at another budget, without `--set`."""
    where = {
        "dataset": cell.dataset.id,
        "features": cell.features,
        "length": cell.length,
        "budget": budget,
        "protocol": cell.protocol,
    }
    try:
        return resolve(load_spec(cell.generator), where, {}).params
    except UserError:
        return None


def _keys(stage: str, generator: str, dataset: str, length: int, budget: str) -> list[tuple[object, ...]]:
    """From the most to the least similar; the time of a score does not depend on the generator."""
    # Every draw of samples, and every score of it, takes about as long as the first.
    kind, _, name = stage.partition(":")
    stage = f"{kind}:{ScoreName.parse(name).base}" if kind == "score" else kind
    who = () if kind == "score" else (generator,)
    return [(stage, *who, dataset, length, budget), (stage, *who, budget)]


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 360_000 else f"{seconds / 86400:.0f} days"
