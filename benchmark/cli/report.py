"""`report`: everything that is known of a suite, in one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.api.view import View
from benchmark.cli.options import Frames, Json, StoreOption, SuiteOrDefault, output_file
from benchmark.cli.printing import emit
from benchmark.cli.printing import report as tell
from benchmark.cli.view import with_view
from benchmark.cli.ways import refuse_others


@with_view
def report(
    *,
    suite: SuiteOrDefault = None,
    view: View,
    context: typer.Context,
    store: StoreOption = Path("runs"),
    frame: Frames = None,
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

    refuse_others(context, {"frame": {"output", "json_target"}})
    if frame:
        written = command.report_frames(frame, output)
    else:
        from benchmark.api import suites

        plan, results = suites.plan_suite(suite or "quick", store, **view)
        if plots:
            suites.plot_suite(suite or "quick", store, None, tell, **view)
        written = command.report_plan(plan, results, output, pictures=pictures)
    emit(written.text(), written.as_json(), json_target)
