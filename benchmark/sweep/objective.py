"""What a sweep chooses by: a validation quantity, a fact of the fitted model, or, on demand only, a reported score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from benchmark.errors import UserError, unknown
from benchmark.interface import read_parameters
from benchmark.plan.cell import Cell
from benchmark.statistics import Summary, summarise
from benchmark.store.store import Store
from benchmark.sweep.spec import SweepSpec
from metrics import registry

VALIDATION_SCORE = "context_fid"
FACT = "fact:"


@dataclass(frozen=True)
class Objective:
    """One number a trial, from its cells: the mean over training seeds of a score or of a fact that `fit` recorded.

    `is_test` says that the number is a reported score, so that choosing by it spoils the score as a test.
    """

    name: str
    title: str
    score: str | None
    protocol: Literal["paper", "strict"]
    is_test: bool = False
    maximise: bool = False

    def read(self, cells: Sequence[Cell], store: Store) -> Summary:
        """Mean and 95 % half-width over the seeds' cells, which must be finished; raises UserError where there is no fact."""
        return summarise([self._one(cell, store) for cell in cells])

    def _one(self, cell: Cell, store: Store) -> float:
        folder = store.cell(cell)
        if self.score is None:
            return fact(read_parameters(folder.model)[1], self.name.removeprefix(FACT))
        info = registry.load(self.score).info
        value = folder.scores()[self.score].mean
        return value if info.higher_is_better is not None else abs(value - info.ideal)


def make_objective(spec: SweepSpec) -> Objective:
    """The objective that a sweep names; raises UserError where it does not exist or would choose by a test score."""
    name = spec.objective
    if name.startswith(FACT) and len(name) > len(FACT):
        return Objective(name, f"{name.removeprefix(FACT)} of the fitted model", None, spec.protocol or "strict")
    if name == "validation":
        if spec.protocol == "paper":
            raise UserError(
                "the objective 'validation' needs hold-out windows, which protocol paper has not; use --protocol strict."
            )
        title = f"{registry.load(VALIDATION_SCORE).info.title} against hold-out windows"
        return Objective(name, title, VALIDATION_SCORE, "strict")
    if name not in registry.names():
        raise unknown("objective", name, ["validation", "fact:NAME", *registry.names()], owner="--objective")
    if not spec.allow_test_objective:
        raise UserError(
            f"the objective '{name}' is a score that tables report, and choosing by it spoils it as a test; use "
            "--objective validation, or add --allow-test-objective."
        )
    info = registry.load(name).info
    title = info.title if info.higher_is_better is not None else f"distance of {info.title} from {info.ideal:g}"
    return Objective(name, title, name, spec.protocol or "paper", True, bool(info.higher_is_better))


def fact(fitted: dict[str, Any], name: str) -> float:
    """A finite number among the facts in a fitted generator's `generator.json`; raises UserError where there is none."""
    facts = {**fitted, **(fitted.get("facts") or {})}
    numbers = {
        key: float(value)
        for key, value in facts.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }
    if name not in numbers:
        known = ", ".join(sorted(numbers)) or "none"
        raise UserError(f"the fitted generator recorded no fact '{name}'; choose among what it recorded: {known}.")
    return numbers[name]
