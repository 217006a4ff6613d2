"""`plots`: figures of what a store holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.api.view import View
from benchmark.cli.options import (
    Json,
    StoreOption,
)
from benchmark.cli.printing import emit, report
from benchmark.cli.view import with_view
from benchmark.cli.ways import refuse_others
from benchmark.errors import UserError


@with_view
def plots(
    *,
    cell: Annotated[
        str | None, typer.Argument(help="A cell's name in the store, or the beginning of it or its key.")
    ] = None,
    suite: Annotated[str | None, typer.Option(metavar="NAME|FILE", help="A suite's name or YAML file.")] = None,
    view: View,
    context: typer.Context,
    store: StoreOption = Path("runs"),
    output: Annotated[Path | None, typer.Option(help="A folder for the figures (default: one in the store).")] = None,
    json_target: Json = None,
) -> None:
    """Draw what the store holds of a suite or of one cell, as PNG and PDF; nothing is trained.

    Example: python -m benchmark plots --suite quick --only dataset=stocks
    """
    from benchmark.api import suites

    if (cell is None) == (suite is None):
        raise UserError("plots takes either a cell or --suite; give one of them, for example --suite quick.")
    refuse_others(context, {"cell": {"store", "data_dir", "output", "json_target"}})
    if cell is not None:
        drawn = suites.plot_cell(cell, store, output, view.get("data_dir"))
    else:
        drawn = suites.plot_suite(suite or "", store, output, report, **view)
    emit(drawn.text(), drawn.as_json(), json_target)
