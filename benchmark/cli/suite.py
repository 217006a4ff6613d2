"""`run`, `tables` and `config show`: what is done with a suite."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.options import (
    Budget,
    Csv,
    DataDir,
    Device,
    Force,
    Json,
    Only,
    Output,
    ProtocolOption,
    SamplingSeeds,
    Seeds,
    Set,
    StoreOption,
    Suite,
    Tracking,
)
from benchmark.cli.printing import emit, report, show
from benchmark.errors import unknown


def run(
    suite: Suite = "quick",
    budget: Budget = None,
    protocol: ProtocolOption = None,
    seeds: Seeds = None,
    sampling_seeds: SamplingSeeds = None,
    only: Only = None,
    assign: Set = None,
    csv: Csv = None,
    data_dir: DataDir = None,
    store: StoreOption = Path("runs"),
    device: Device = "auto",
    workers: Annotated[int | None, typer.Option(min=1, help="Cells at a time (default: one a core).")] = None,
    retry: Annotated[str | None, typer.Option(help="'failed': compute failed cells again too.")] = None,
    force: Force = False,
    download: Annotated[bool, typer.Option(help="Fetch data files that are missing.")] = True,
    tracking: Tracking = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the cells, what is cached and an estimate.")] = False,
    json_target: Json = None,
) -> None:
    """Plan and run the missing cells of a suite, and end with its table.

    Example: python -m benchmark run --suite table1 --budget quick --only dataset=sines,stocks
    """
    from benchmark.config.suites import load_suite
    from benchmark.data import fetch_missing
    from benchmark.external.entered import with_entered
    from benchmark.plan.planner import make_plan
    from benchmark.plan.request import Request
    from benchmark.report import suite as outputs
    from benchmark.report.written import written
    from benchmark.run import launch, preview
    from benchmark.store.store import Store
    from benchmark.tracking.destination import check

    if retry not in (None, "failed"):
        raise unknown("value", retry or "", ["failed"], owner="--retry")
    request = Request(budget, protocol, seeds, sampling_seeds, tuple(only or ()), tuple(assign or ()), csv, data_dir)
    check(tracking)
    options = launch.options(device, workers, data_dir, retry, force=force)
    results = Store(store)
    plan = with_entered(make_plan(load_suite(suite), request), results)
    if dry_run:
        found = preview.preview(plan, results, options)
        emit(preview.preview_text(found), found, json_target)
        return
    from benchmark.tracking.observer import track_plan

    results.create()
    if download and fetch_missing(plan.lacking, data_dir, report):
        plan = with_entered(make_plan(load_suite(suite), request), results)
    with track_plan(plan, results, tracking, report) as tracked:
        outcomes = launch.run(plan, results, options, report, [tracked])
        result = outputs.suite_result(plan, results)
        files = outputs.write_outputs(plan, result, results)
        tracked.keep(files)
        emit([result.table, *written(files)], outputs.as_json(plan, result, files), json_target)
    if any(outcome.failed for outcome in outcomes):
        raise typer.Exit(1)


def tables(
    suite: Suite = "quick",
    budget: Budget = None,
    protocol: ProtocolOption = None,
    seeds: Seeds = None,
    sampling_seeds: SamplingSeeds = None,
    only: Only = None,
    assign: Set = None,
    csv: Csv = None,
    data_dir: DataDir = None,
    store: StoreOption = Path("runs"),
    format_name: Annotated[
        str,
        typer.Option("--format", help="markdown, latex (a document), latex-fragment (its table alone), html or csv."),
    ] = "markdown",
    published: Annotated[bool, typer.Option(help="Published values beside measured ones.")] = True,
    controls: Annotated[bool, typer.Option(help="Rows of controls.")] = True,
    efficiency: Annotated[bool, typer.Option(help="Size, training and sampling time, and memory too.")] = False,
    digits: Annotated[
        int | None, typer.Option(min=0, max=9, help="Digits after the point (default: the metric's own).")
    ] = None,
    output: Output = None,
) -> None:
    """Print a suite's table from what the store holds; nothing is computed.

    Example: python -m benchmark tables --suite table1 --format latex --output table1.tex
    """
    from benchmark.config.suites import load_suite
    from benchmark.external.entered import with_entered
    from benchmark.files import write_bytes
    from benchmark.plan.planner import make_plan
    from benchmark.plan.request import Request
    from benchmark.report import suite as outputs
    from benchmark.report.available import require_results
    from benchmark.store.store import Store

    if format_name not in outputs.FORMATS:
        raise unknown("format", format_name, outputs.FORMATS, owner="--format")
    request = Request(budget, protocol, seeds, sampling_seeds, tuple(only or ()), tuple(assign or ()), csv, data_dir)
    results = Store(store)
    plan = with_entered(make_plan(load_suite(suite), request), results)
    require_results(plan, results)
    wanted = outputs.Choices(published, controls, efficiency, digits)
    result = outputs.suite_result(plan, results, wanted)
    if output is None:
        show(result.table if format_name == "markdown" else outputs.render(result, format_name), end="")
        return
    write_bytes(output, outputs.render(result, format_name).encode())
    print(f"wrote {output}")


def config_show(
    suite: Suite = "quick",
    budget: Budget = None,
    protocol: ProtocolOption = None,
    seeds: Seeds = None,
    sampling_seeds: SamplingSeeds = None,
    only: Only = None,
    assign: Set = None,
    csv: Csv = None,
    data_dir: DataDir = None,
    json_target: Json = None,
) -> None:
    """Print a suite's resolved configuration and where each value came from.

    Example: python -m benchmark config show --suite quick --set timemar_s.vocab_size=256
    """
    from benchmark.config.suites import load_suite
    from benchmark.plan.describe import configuration, configuration_text
    from benchmark.plan.planner import make_plan
    from benchmark.plan.request import Request

    request = Request(budget, protocol, seeds, sampling_seeds, tuple(only or ()), tuple(assign or ()), csv, data_dir)
    tree = configuration(make_plan(load_suite(suite), request))
    emit(configuration_text(tree), tree, json_target)
