"""What a sweep chooses by: a validation score, a fact of the fitted model, or, on demand only, a reported score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from benchmark.errors import UserError, unknown
from benchmark.interface import read_parameters
from benchmark.plan.cell import Cell
from benchmark.plan.keys import VALIDATION, score_names, score_sheet
from benchmark.statistics import Summary, summarise
from benchmark.store.store import Store
from benchmark.sweep.spec import SweepSpec

VALIDATION_SCORE = f"{VALIDATION}context_fid"
FACT = "fact:"


@dataclass(frozen=True)
class Objective:
    """One number a trial, from its cells: the mean over training seeds of a score or of a fact that `fit` recorded.

    `score` names the score, with the prefix `validation:` where it compares with the validation windows. `is_test` says that the
    number is a reported score, so that choosing by it spoils the score as a test.
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
        sheet = score_sheet(self.score)
        value = float(folder.scores()[self.score]["mean"])
        return value if sheet.higher_is_better is not None else abs(value - sheet.ideal)


def make_objective(spec: SweepSpec) -> Objective:
    """The objective that a sweep names; raises UserError where it does not exist or would choose by a test score."""
    name = spec.objective
    if name.startswith(FACT) and len(name) > len(FACT):
        return Objective(name, f"{name.removeprefix(FACT)} of the fitted model", None, spec.protocol or "strict")
    if name == "validation":
        if spec.protocol == "paper":
            raise UserError(
                "the objective 'validation' needs validation windows, which protocol paper has not; use --protocol strict."
            )
        return Objective(name, score_sheet(VALIDATION_SCORE).title, VALIDATION_SCORE, "strict")
    if name not in score_names():
        raise unknown("objective", name, ["validation", "fact:NAME", *score_names()], owner="--objective")
    if not spec.allow_test_objective:
        raise UserError(
            f"the objective '{name}' is a score that tables report, and choosing by it spoils it as a test; use "
            "--objective validation, or add --allow-test-objective."
        )
    sheet = score_sheet(name)
    title = sheet.title if sheet.higher_is_better is not None else f"distance of {sheet.title} from {sheet.ideal:g}"
    return Objective(name, title, name, spec.protocol or "paper", True, bool(sheet.higher_is_better))


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
