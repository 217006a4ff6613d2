"""What the command line adds to a suite."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.config.budgets import BUDGETS
from benchmark.config.suites import MOST_SAMPLING_SEEDS, MOST_SEEDS, SuiteSpec
from benchmark.data import DatasetSpec
from benchmark.errors import UserError
from benchmark.protocols import as_protocol


@dataclass(frozen=True)
class Request:
    """What the command line adds to a suite; None leaves the suite's own value. `own` are data that take the suite's place."""

    budget: str | None = None
    protocol: str | None = None
    lengths: tuple[int, ...] | None = None
    seeds: int | None = None
    sampling_seeds: int | None = None
    only: tuple[str, ...] = ()
    assignments: tuple[str, ...] = ()
    own: DatasetSpec | None = None
    data_dir: Path | None = None


def apply_request(suite: SuiteSpec, request: Request) -> tuple[SuiteSpec, dict[str, str]]:
    """The suite with the command line's values, and where each value came from."""
    sources = {
        name: suite.origin if name in suite.model_fields_set else "default of a suite"
        for name in type(suite).model_fields
    }
    changes: dict[str, Any] = {}
    if request.budget is not None:
        changes["budget"] = BUDGETS.load(request.budget).name
    if request.protocol is not None:
        changes["protocol"] = as_protocol(request.protocol)
    if request.lengths is not None:
        changes["lengths"] = _lengths(request.lengths)
    changes |= _count("seeds", request.seeds, "training seed", MOST_SEEDS)
    changes |= _count("sampling_seeds", request.sampling_seeds, "sampling seed", MOST_SAMPLING_SEEDS)
    if request.own is not None:
        own = request.own
        changes |= {
            "datasets": (own.file or own.id,),
            # Another suite than the shipped one, which keeps its tables and its MLflow experiment.
            "name": f"{suite.name}-{own.id}",
            "title": f"{own.title}, generators of suite {suite.name}",
        }
    sources.update(dict.fromkeys(changes, "command line"))
    BUDGETS.load(changes.get("budget", suite.budget))
    return suite.model_copy(update=changes), sources


def _lengths(given: tuple[int, ...]) -> tuple[int, ...]:
    """Lengths that the command line gives, each once; raises UserError for one below 2."""
    for length in given:
        if length < 2:
            raise UserError(f"--length is {length}, but a window has at least 2 time steps.")
    return tuple(dict.fromkeys(given))


def _count(name: str, count: int | None, what: str, most: int) -> dict[str, int]:
    """A number of seeds that the command line gives, if any; raises UserError outside 1 … `most`."""
    if count is None:
        return {}
    option = f"--{name.replace('_', '-')}"
    if count < 1:
        raise UserError(f"{option} is {count}, but at least one {what} is needed.")
    if count > most:
        raise UserError(f"{option} is {count}, but a run has at most {most} {what}s; use fewer.")
    return {name: count}
