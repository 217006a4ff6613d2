"""How long a plan will take, from what the store remembers of earlier cells."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any

from benchmark.cell import Cell
from benchmark.store import Store

UNKNOWN_SECONDS = {"fit": 2.0, "sample": 5.0, "timing": 20.0, "score": 30.0}
"""Only for a store without history: what a small data set's control takes."""

BUDGETED_LENGTH = 24
"""Steps of the windows that a budget's minutes are meant for; a training step's cost grows about as the windows do."""


class History:
    """Seconds of finished stages, looked up from the nearest likeness to the farthest."""

    def __init__(self, store: Store) -> None:
        self.seconds: dict[tuple[object, ...], list[float]] = {}
        for record in store.all_provenance():
            for stage, facts in record.get("stages", {}).items():
                spent = facts.get("wall_seconds", 0.0) - facts.get("preparing_seconds", 0.0)
                for key in _keys(stage, record):
                    self.seconds.setdefault(key, []).append(spent)

    def stage_seconds(self, cell: Cell, stage: str) -> float:
        """Seconds that one stage of a cell will take."""
        place = {
            "generator": cell.generator,
            "dataset": cell.dataset.id,
            "length": cell.length,
            "budget": cell.budget.name,
        }
        for key in _keys(stage, place):
            if key in self.seconds:
                return median(self.seconds[key])
        if stage == "fit" and cell.size_class != "control" and cell.budget.core_minutes:
            return 60 * cell.budget.core_minutes * max(1.0, cell.length / BUDGETED_LENGTH)
        return UNKNOWN_SECONDS[stage.partition(":")[0]]

    def cell_seconds(self, cell: Cell, stages: Iterable[str]) -> float:
        """Seconds that some stages of a cell will take."""
        return sum(self.stage_seconds(cell, stage) for stage in stages)


def _keys(stage: str, place: dict[str, Any]) -> list[tuple[object, ...]]:
    """From the nearest likeness to the farthest; a score does not care which generator made the samples."""
    who = () if stage.startswith("score:") else (place.get("generator"),)
    data = (place.get("dataset"), place.get("length"))
    budget = place.get("budget")
    return [(stage, *who, *data, budget), (stage, *who, budget)]


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
