"""What a sweep chooses by: a validation score, a measurement of the fitted model, or, on request only, a reported score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmark.errors import UserError, unknown
from benchmark.plan.cell import Cell
from benchmark.plan.keys import score_info
from benchmark.plan.score_name import VALIDATION
from benchmark.protocols import Protocol
from benchmark.statistics import Summary, summarise
from benchmark.store.store import Store
from benchmark.sweep.spec import SweepSpec
from metrics import registry

VALIDATION_SCORE = f"{VALIDATION}context_fid"
MEASUREMENT = "measurement:"


@dataclass(frozen=True)
class Objective:
    """One number a trial: the mean over training seeds of a score, or of a measurement that `fit` recorded (`score` None).

    `score` has the prefix `validation:` where it compares with the validation windows. `is_test` says that the number is a
    reported score, so that choosing by it spoils the score as a test.
    """

    name: str
    title: str
    score: str | None
    protocol: Protocol
    is_test: bool = False
    maximise: bool = False

    def read(self, cells: Sequence[Cell], store: Store) -> Summary:
        """Mean and 95 % half-width over the cells of one trial, a cell a training seed; all are finished.

        Raises:
            UserError: The fitted generator recorded no such measurement.
        """
        return summarise([self._one(cell, store) for cell in cells])

    def _one(self, cell: Cell, store: Store) -> float:
        folder = store.cell(cell)
        if self.score is None:
            return _measurement(folder.measurements(), self.name.removeprefix(MEASUREMENT))
        info = score_info(self.score)
        value = folder.scores()[self.score].mean
        return value if info.higher_is_better is not None else abs(value - info.ideal)


def make_objective(spec: SweepSpec) -> Objective:
    """The objective that a sweep names.

    Raises:
        UserError: The objective does not exist, lacks its protocol, or is a reported score without permission.
    """
    name = spec.objective
    if name.startswith(MEASUREMENT) and len(name) > len(MEASUREMENT):
        return Objective(name, f"{name.removeprefix(MEASUREMENT)} of the fitted model", None, spec.protocol or "strict")
    if name == "validation":
        if spec.protocol == "paper":
            raise UserError(
                "the objective 'validation' needs validation windows, which protocol paper has not; use --protocol strict."
            )
        return Objective(name, score_info(VALIDATION_SCORE).title, VALIDATION_SCORE, "strict")
    if name not in registry.names():
        raise unknown("objective", name, ["validation", "measurement:NAME", *registry.names()], owner="--objective")
    if not spec.allow_test_objective:
        raise UserError(
            f"the objective '{name}' is a score that tables report, and choosing by it spoils it as a test; use "
            "--objective validation, or add --allow-test-objective."
        )
    info = registry.load(name).info
    title = info.title if info.higher_is_better is not None else f"distance of {info.title} from {info.ideal:g}"
    return Objective(name, title, name, spec.protocol or "paper", True, bool(info.higher_is_better))


def _measurement(recorded: Mapping[str, float], name: str) -> float:
    if name not in recorded:
        known = ", ".join(sorted(recorded)) or "none"
        raise UserError(
            f"the fitted generator recorded no measurement '{name}'; choose among what it recorded: {known}."
        )
    return recorded[name]
