"""Options about one's own data, which every command with `--csv` has, and `data show`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from benchmark.cli.groups import group
from benchmark.cli.options import ONE_OF
from benchmark.data.spec import MissingRule
from benchmark.errors import UserError

if TYPE_CHECKING:
    from benchmark.data import DatasetSpec

DataOptions = Mapping[str, Any]
"""The options that were given, by the key of a data set's YAML file."""

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
        typer.Option(
            metavar=ONE_OF(get_args(MissingRule)), help="Leave rows with missing cells out, or fill short runs of them."
        ),
    ],
    "one_hot": Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Make each category a feature; may repeat.")
    ],
}


def given_options(values: Mapping[str, Any]) -> DataOptions:
    """Those of `OPTIONS` that have a value."""
    return {name: values[name] for name in OPTIONS if values[name]}


with_data_options = group("data_options", OPTIONS, given_options)
"""A command whose parameter `data_options` stands for `OPTIONS`: those that were given."""


def own_data(csv: Path | None, options: DataOptions) -> DatasetSpec | None:
    """The data set of `--csv` with the options given; raises UserError for options without it."""
    from benchmark.data import own_spec

    if csv is not None:
        return own_spec(csv, options)
    if options:
        option = f"--{next(iter(options)).replace('_', '-')}"
        raise UserError(f"{option} describes one's own data, but none are named; add --csv FILE.")
    return None
