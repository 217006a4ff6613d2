"""Options about one's own data, which every command with `--csv` has, and `data show`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from benchmark.errors import UserError

if TYPE_CHECKING:
    from benchmark.data import DatasetSpec

DataOptions = Mapping[str, Any]
"""The options that were given, by the key of a data set's YAML file."""

NO_OPTIONS: DataOptions = MappingProxyType({})

OPTIONS: dict[str, Any] = {
    "time_column": Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column of dates or numbers that rows are sorted by.")
    ],
    "time_format": Annotated[
        str | None, typer.Option(help="day-first, month-first, epoch, epoch-ms, or such as '%d.%m.%y %H:%M'.")
    ],
    "series_column": Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column that tells series apart, such as machines.")
    ],
    "drop": Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="Leave a column out; may repeat.")],
    "missing": Annotated[
        str | None,
        typer.Option(metavar="drop|interpolate", help="Leave rows with missing cells out, or fill short runs of them."),
    ],
    "one_hot": Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Make each category a feature; may repeat.")
    ],
}


def with_data_options(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose parameter `data_options` stands for the options of `OPTIONS`: those given come as one mapping."""

    @functools.wraps(command)
    def called(**values: Any) -> None:
        given = {name: values.pop(name) for name in OPTIONS}
        command(data_options={name: value for name, value in given.items() if value}, **values)

    hints = get_type_hints(command, include_extras=True)
    parameters = []
    for name, parameter in inspect.signature(command).parameters.items():
        if name == "data_options":
            keyword = inspect.Parameter.KEYWORD_ONLY
            parameters += [inspect.Parameter(option, keyword, default=None) for option in OPTIONS]
        else:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
    annotations = {**hints, **OPTIONS}
    placed = [one.replace(annotation=annotations[one.name]) for one in parameters]
    del annotations["data_options"]
    called.__signature__ = inspect.Signature(placed)  # type: ignore[attr-defined]
    called.__annotations__ = annotations
    return called


def own_data(csv: Path | None, options: DataOptions) -> DatasetSpec | None:
    """The data set of `--csv` with the options given; raises UserError for options without it."""
    from benchmark.data import own_spec

    if csv is not None:
        return own_spec(csv, options)
    if options:
        option = f"--{next(iter(options)).replace('_', '-')}"
        raise UserError(f"{option} describes one's own data, but none are named; add --csv FILE.")
    return None
