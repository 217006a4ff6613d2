"""What a caller changes of a suite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

if TYPE_CHECKING:
    from benchmark.data import DatasetSpec
    from benchmark.plan.request import Request


class View(TypedDict, total=False):
    """Which part of a suite, and how altered: keywords of `run`, `table` and `plot`; what is left out stays the suite's own.

    Attributes:
        budget: smoke, quick, fast or paper.
        protocol: paper or strict.
        lengths: Numbers of time steps of a window.
        seeds: How many training seeds.
        sampling_seeds: How many sets of samples from each fitted model.
        only: Values to keep by key (generator, dataset, length, seed), or texts such as "generator=copy,oracle".
        set: Parameters by generator, or texts such as "timemar_s.vocab_size=256".
        csv: One's own data instead of the suite's data sets: a file, or a data set's specification.
        data_options: How a file of `csv` is read: keys of a data set's YAML file, such as {"missing": "interpolate"}.
        data_dir: Where data files are.
    """

    budget: str | None
    protocol: str | None
    lengths: int | Sequence[int] | None
    seeds: int | None
    sampling_seeds: int | None
    only: str | Sequence[str] | Mapping[str, object] | None
    set: str | Sequence[str] | Mapping[str, Mapping[str, object]] | None
    csv: str | Path | DatasetSpec | None
    data_options: Mapping[str, object] | None
    data_dir: str | Path | None


def request_of(**view: Unpack[View]) -> Request:
    """What a view changes of a suite; raises UserError."""
    from benchmark.data import own_spec
    from benchmark.plan.request import Request

    csv = view.get("csv")
    own = own_spec(Path(csv), view.get("data_options") or {}) if isinstance(csv, str | Path) else csv
    only, assigned = view.get("only") or (), view.get("set") or ()
    if isinstance(only, Mapping):
        only = [f"{key}={','.join(map(str, _several(values)))}" for key, values in only.items()]
    elif isinstance(only, str):
        only = [only]
    if isinstance(assigned, Mapping):
        assigned = [
            f"{generator}.{name}={json.dumps(value)}"
            for generator, params in assigned.items()
            for name, value in params.items()
        ]
    elif isinstance(assigned, str):
        assigned = [assigned]
    lengths = view.get("lengths")
    return Request(
        budget=view.get("budget"),
        protocol=view.get("protocol"),
        lengths=None if lengths is None else tuple(_several(lengths)),
        seeds=view.get("seeds"),
        sampling_seeds=view.get("sampling_seeds"),
        only=tuple(only),
        assignments=tuple(assigned),
        own=own,
        data_dir=as_path(view.get("data_dir")),
    )


def _several(values: object) -> list[Any]:
    return list(values) if isinstance(values, Iterable) and not isinstance(values, str) else [values]


def as_path(path: str | Path | None) -> Path | None:
    """A path, or none."""
    return None if path is None else Path(path)
