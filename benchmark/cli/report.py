"""`report`: everything that is known of a suite, in one HTML file."""

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
    output_file,
)
from benchmark.cli.own_data import NO_OPTIONS, DataOptions, own_data, with_data_options
from benchmark.cli.printing import emit
from benchmark.cli.printing import report as tell
from benchmark.errors import UserError


@with_data_options
def report(
    suite: Annotated[str | None, typer.Option(help="A suite's name or YAML file (default: quick).")] = None,
    budget: Budget = None,
    protocol: ProtocolOption = None,
    seeds: Seeds = None,
    sampling_seeds: SamplingSeeds = None,
    only: Only = None,
    assign: Set = None,
    csv: Csv = None,
    data_options: DataOptions = NO_OPTIONS,
    data_dir: DataDir = None,
    store: StoreOption = Path("runs"),
    frame: Annotated[
        Path | None, typer.Option(help="A kept results.csv, as `tables --format csv` writes it, instead of a store.")
    ] = None,
    pictures: Annotated[bool, typer.Option(help="The figures of each cell that the store holds.")] = True,
    plots: Annotated[bool, typer.Option("--plots", help="Draw the figures first.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "--out",
            callback=output_file,
            help="The file (default: report.html in the suite's folder of the store).",
        ),
    ] = None,
    json_target: Json = None,
) -> None:
    """Write one HTML file of a suite: leaderboards, published values, costs, memorisation, failures, figures, provenance.

    It needs no network and no other file, and reads on a phone, in print and in the dark.

    Example: python -m benchmark report --suite table1 --only dataset=stocks --output report.html
    """
    from benchmark.html_report import command

    if frame is not None:
        given = (suite, budget, protocol, seeds, sampling_seeds, only, assign, csv, data_options or None)
        if plots or any(value is not None for value in given):
            raise UserError(
                "--frame takes a kept frame as it is, without a suite, filters or --plots; leave these out."
            )
        written = command.report_frame(frame, output)
    else:
        from benchmark.api import View, suites

        view: View = {
            "budget": budget, "protocol": protocol, "seeds": seeds, "sampling_seeds": sampling_seeds, "only": only, "set": assign,
            "csv": own_data(csv, data_options), "data_dir": data_dir,
        }  # fmt: skip
        plan, results = suites.plan_suite(suite or "quick", store, **view)
        if plots:
            suites.plot_suite(suite or "quick", store, None, tell, **view)
        written = command.report_plan(plan, results, output, pictures=pictures)
    emit(written.text(), written.as_json(), json_target)
