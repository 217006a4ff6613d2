"""What a caller changes of a suite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from benchmark.api.values import plain, whole
from benchmark.errors import UserError, unknown

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

    for key in view:
        if key not in View.__annotations__:
            raise unknown("keyword", key, View.__annotations__)
    csv, options = view.get("csv"), view.get("data_options")
    if options and not isinstance(csv, str | Path):
        raise UserError("data_options say how a file is read; name it under csv, or leave them out.")
    own = own_spec(Path(csv), plain(options or {})) if isinstance(csv, str | Path) else csv
    only, assigned = view.get("only") or (), view.get("set") or ()
    if isinstance(only, Mapping):
        only = [f"{key}={','.join(map(str, _several(values)))}" for key, values in only.items()]
    elif isinstance(only, str):
        only = [only]
    if isinstance(assigned, Mapping):
        assigned = [
            f"{generator}.{name}={_json(generator, name, value)}"
            for generator, params in assigned.items()
            for name, value in params.items()
        ]
    elif isinstance(assigned, str):
        assigned = [assigned]
    lengths = view.get("lengths")
    return Request(
        budget=view.get("budget"),
        protocol=view.get("protocol"),
        lengths=None if lengths is None else tuple(whole("a length", length) for length in _several(lengths)),
        seeds=_whole("seeds", view.get("seeds")),
        sampling_seeds=_whole("sampling_seeds", view.get("sampling_seeds")),
        only=tuple(only),
        assignments=tuple(assigned),
        own=own,
        data_dir=as_path(view.get("data_dir")),
    )


def _json(generator: str, name: str, value: object) -> str:
    try:
        return json.dumps(plain(value))
    except (TypeError, ValueError):
        raise UserError(f"set {generator}.{name} is {value!r}; give numbers, texts or lists of them.") from None


def _whole(name: str, value: object) -> int | None:
    return None if value is None else whole(name, value)


def _several(values: object) -> list[Any]:
    return list(values) if isinstance(values, Iterable) and not isinstance(values, str) else [values]


def as_path(path: str | Path | None) -> Path | None:
    """A path, or none."""
    return None if path is None else Path(path)
