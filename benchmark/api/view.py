"""What a caller changes of a suite."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

if TYPE_CHECKING:
    from benchmark.plan.request import Request


class View(TypedDict, total=False):
    """Which part of a suite, and how altered: keywords of `run`, `table` and `plot`; what is left out stays the suite's own.

    Attributes:
        budget: smoke, quick, fast or paper.
        protocol: paper or strict.
        seeds: How many training seeds.
        sampling_seeds: How many sets of samples from each fitted model.
        only: Values to keep by key (generator, dataset, length, seed), or texts such as "generator=copy,oracle".
        set: Parameters by generator, or texts such as "timemar_s.vocab_size=256".
        csv: One's own data file instead of the suite's data sets.
        data_dir: Where data files are.
    """

    budget: str | None
    protocol: str | None
    seeds: int | None
    sampling_seeds: int | None
    only: Sequence[str] | Mapping[str, object] | None
    set: Sequence[str] | Mapping[str, Mapping[str, object]] | None
    csv: str | Path | None
    data_dir: str | Path | None


def request_of(**view: Unpack[View]) -> Request:
    """What a view changes of a suite; raises UserError."""
    from benchmark.plan.request import Request

    only, assigned = view.get("only") or (), view.get("set") or ()
    if isinstance(only, Mapping):
        only = [f"{key}={','.join(map(str, _several(values)))}" for key, values in only.items()]
    if isinstance(assigned, Mapping):
        assigned = [
            f"{generator}.{name}={json.dumps(value)}"
            for generator, params in assigned.items()
            for name, value in params.items()
        ]
    return Request(
        view.get("budget"),
        view.get("protocol"),
        view.get("seeds"),
        view.get("sampling_seeds"),
        tuple(only),
        tuple(assigned),
        as_path(view.get("csv")),
        as_path(view.get("data_dir")),
    )


def _several(values: object) -> Sequence[object]:
    return list(values) if isinstance(values, list | tuple | set) else [values]


def as_path(path: str | Path | None) -> Path | None:
    """A path, or none."""
    return None if path is None else Path(path)
