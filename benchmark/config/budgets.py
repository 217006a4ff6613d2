"""Budgets: how much a cell may spend on training and on scores. Part of a cell's identity."""

from __future__ import annotations

from functools import partial
from typing import Any

from pydantic import Field

from benchmark.config.files import read_yaml, shipped, shipped_names
from benchmark.config.registry import Registry
from benchmark.interface import Budget
from benchmark.validation import Frozen, parse

FOLDER = "configs/budgets"


class BudgetSpec(Frozen):
    """One budget as its YAML file says."""

    name: str = Field(description="The budget's name; by default that of its YAML file.")
    summary: str = Field(description="One line on what the budget is for.")
    train_cpu_minutes: float | None = Field(
        default=None,
        gt=0,
        description="The minutes that training should take on one core for data of Stocks' size and windows of 24 steps; without "
        "it the published schedule holds.",
    )
    repetitions: int = Field(default=5, ge=1, description="The number of repetitions of each score.")
    max_windows: int | None = Field(
        default=None, ge=8, description="The most windows that train and that scores compare with; by default all."
    )
    time_limit_minutes: float = Field(gt=0, description="The minutes that a cell may take.")
    scores: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="By metric, parameters that differ from the published protocol; such scores are for tests alone.",
    )

    def identity(self) -> dict[str, Any]:
        """What of a budget determines samples: its name and the number of windows."""
        return {"name": self.name, "max_windows": self.max_windows}

    def for_generator(self) -> Budget:
        """The budget as a generator sees it."""
        return Budget(self.name, self.train_cpu_minutes)


def _read(name: str) -> BudgetSpec:
    path = shipped(FOLDER) / f"{name}.yaml"
    return parse(BudgetSpec, {"name": name, **read_yaml(path)}, owner=f"budget '{name}'")


BUDGETS = Registry("budget", partial(shipped_names, FOLDER), _read, line=lambda budget: budget.summary)


def is_shortened(name: str) -> bool:
    """Whether a budget shortens metrics, so that their values compare only with each other; False for an unknown name."""
    return name in BUDGETS and bool(BUDGETS.load(name).scores)


def shortened_scores(budget: str) -> str:
    """The note of a table whose budget shortens the scores."""
    return f"Budget {budget} shortens the scores: its values test the program and compare only with each other."
