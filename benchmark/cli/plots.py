"""`plots`: figures of what a store holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.options import (
    Budget,
    Csv,
    DataDir,
    Json,
    Only,
    ProtocolOption,
    SamplingSeeds,
    Seeds,
    Set,
    StoreOption,
)
from benchmark.cli.printing import emit, report
from benchmark.errors import UserError


def plots(
    cell: Annotated[
        str | None, typer.Argument(help="A cell's name in the store, or the beginning of it or its key.")
    ] = None,
    suite: Annotated[str | None, typer.Option(help="A suite's name or YAML file.")] = None,
    budget: Budget = None,
    protocol: ProtocolOption = None,
    seeds: Seeds = None,
    sampling_seeds: SamplingSeeds = None,
    only: Only = None,
    assign: Set = None,
    csv: Csv = None,
    data_dir: DataDir = None,
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
    if cell is not None:
        drawn = suites.plot_cell(cell, store, output, data_dir)
    else:
        drawn = suites.plot_suite(
            suite or "", store, output, report, budget=budget, protocol=protocol, seeds=seeds, sampling_seeds=sampling_seeds,
            only=only, set=assign, csv=csv, data_dir=data_dir,
        )  # fmt: skip
    emit(drawn.text(), drawn.as_json(), json_target)
