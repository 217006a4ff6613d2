"""`run`, `tables` and `config show`: what is done with a suite."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.api.view import View
from benchmark.cli.options import (
    ONE_OF,
    Device,
    Download,
    Force,
    Frames,
    Json,
    Output,
    Retry,
    StoreOption,
    Suite,
    SuiteOrDefault,
    Tracking,
    Workers,
    plan_file,
)
from benchmark.cli.printing import emit, report
from benchmark.cli.view import VIEW_OPTIONS, with_view
from benchmark.cli.ways import refuse_beside, refuse_others
from benchmark.errors import unknown
from benchmark.report.formats import FORMATS, format_of
from benchmark.run.executors import EXECUTORS

if TYPE_CHECKING:
    from benchmark.run.launch import LimitOptions
    from benchmark.run.outcome import Outcome

LIMITS = {"workers", "memory_limit", "gpu_memory_limit", "stop_after", "executor", "address"}
SUITE = {"suite", "store", "device", *VIEW_OPTIONS}
WAYS_TO_RUN = {
    "planned": LIMITS | {"index", "cell", "json_target"},
    "cell": SUITE | LIMITS | {"retry", "force", "json_target"},
    "plan_only": SUITE | {"max_array", "retry", "download", "json_target"},
    "dry_run": SUITE | LIMITS | {"retry", "force", "download", "tracking", "json_target"},
}
KEPT_TABLES = {"frame": {"format_name", "published", "controls", "efficiency", "digits", "output", "json_target"}}


@with_view
def run(
    *,
    suite: Suite = "quick",
    view: View,
    context: typer.Context,
    store: StoreOption = Path("runs"),
    device: Device = "auto",
    workers: Workers = None,
    retry: Retry = None,
    force: Force = False,
    download: Download = True,
    tracking: Tracking = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the cells, what is cached and an estimate.")] = False,
    plan_only: Annotated[
        Path | None,
        typer.Option(metavar="FILE", callback=plan_file, help="Write the missing cells for a batch system."),
    ] = None,
    max_array: Annotated[int, typer.Option(min=1, help="With --plan-only: the most jobs.")] = 1000,
    planned: Annotated[
        Path | None, typer.Option("--plan", metavar="FILE", help="Compute cells of a plan instead of a suite.")
    ] = None,
    index: Annotated[int | None, typer.Option(min=0, help="With --plan: the bundle to compute.")] = None,
    cell: Annotated[str | None, typer.Option(metavar="KEY", help="Compute one cell, by its key.")] = None,
    memory_limit: Annotated[
        str | None, typer.Option(metavar="SIZE", help="The most memory of a cell's processes, such as 8GiB.")
    ] = None,
    gpu_memory_limit: Annotated[
        str | None, typer.Option(metavar="SIZE", help="The most memory of the accelerator for a cell.")
    ] = None,
    stop_after: Annotated[
        int | None, typer.Option(min=1, help="Start no more cells of a generator after this many equal failures.")
    ] = None,
    executor: Annotated[
        str,
        typer.Option(
            metavar=ONE_OF(EXECUTORS), help="Worker processes on this machine, or on the nodes of a Ray cluster."
        ),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(help="With --executor ray: the cluster's address, or auto (default: a Ray of this machine)."),
    ] = None,
    json_target: Json = None,
) -> None:
    """Plan and run the missing cells of a suite, and end with its table.

    Example: python -m benchmark run --suite table1 --budget quick --only dataset=sines,stocks
    """
    from benchmark.api import suites
    from benchmark.api.planned import plan_only as write_plan
    from benchmark.api.planned import run_cells, run_planned
    from benchmark.report.written import written
    from benchmark.run import preview
    from benchmark.run.manifest import manifest_text
    from benchmark.tracking.destination import check

    limits: LimitOptions = {
        "memory_limit": memory_limit, "gpu_memory_limit": gpu_memory_limit, "stop_after": stop_after, "executor": executor,
        "address": address,
    }  # fmt: skip
    refuse_others(context, WAYS_TO_RUN, {"max_array": "--plan-only", "index": "--plan"})
    if planned is not None:
        end_cells(run_planned(planned, index, cell, workers=workers, report=report, limits=limits), json_target)
        return
    if cell is not None:
        ended = run_cells(
            suite, [cell], store=store, device=device, workers=workers, retry=retry, force=force, report=report, limits=limits,
            **view,
        )  # fmt: skip
        end_cells(ended, json_target)
        return
    if plan_only is not None:
        manifest = write_plan(
            suite, plan_only, store=store, device=device, most=max_array, retry=retry,
            report=report if download else None, **view,
        )  # fmt: skip
        emit(manifest_text(manifest, plan_only), manifest.model_dump(mode="json"), json_target)
        return
    if dry_run:
        options = suites.run_options(device, workers, retry, force, view, limits)
        check(tracking)
        plan, results = suites.plan_suite(suite, store, **view)
        found = preview.preview(plan, results, options)
        emit(preview.preview_text(found), found, json_target)
        return

    def show_run(whole: suites.SuiteRun) -> None:
        emit([whole.result.table, *written(whole.files)], whole.record(), json_target)

    whole = suites.run_suite(
        suite, store=store, device=device, workers=workers, retry=retry, force=force, download=download, tracking=tracking,
        report=report, show=show_run, limits=limits, **view,
    )  # fmt: skip
    if whole.failed:
        raise typer.Exit(1)


def end_cells(outcomes: Sequence[Outcome], json_target: str | None) -> None:
    """Print how many cells have results; exit status 1 where one has none that it could have."""
    failed = sum(outcome.failed for outcome in outcomes)
    cells = [
        {"cell": one.cell.slug, "state": str(one.state), "reason": one.reason, "stage": one.stage} for one in outcomes
    ]
    text = f"{len(outcomes) - failed} of {len(outcomes)} cells done or skipped, {failed} failed"
    emit(text, {"cells": cells}, json_target)
    if failed:
        raise typer.Exit(1)


@with_view
def tables(
    *,
    suite: SuiteOrDefault = None,
    view: View,
    context: typer.Context,
    store: StoreOption = Path("runs"),
    frame: Frames = None,
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar=ONE_OF(FORMATS),
            help="latex is a document, latex-fragment its table alone (default: by --output's suffix, else markdown).",
        ),
    ] = None,
    published: Annotated[bool, typer.Option(help="Published values beside measured ones.")] = True,
    controls: Annotated[bool, typer.Option(help="Rows of controls.")] = True,
    efficiency: Annotated[bool, typer.Option(help="Size, training and sampling time, and memory too.")] = False,
    digits: Annotated[
        int | None, typer.Option(min=0, max=9, help="Digits after the point (default: the metric's own).")
    ] = None,
    output: Output = None,
    json_target: Json = None,
) -> None:
    """Print a suite's table from what the store holds, or those of kept frames; nothing is computed.

    Example: python -m benchmark tables --suite table1 --format latex --output table1.tex
    """
    from benchmark.api import suites
    from benchmark.files import write_bytes
    from benchmark.report import suite as suite_report

    refuse_others(context, KEPT_TABLES)
    format_name = format_name or format_of(output)
    if format_name not in FORMATS:
        raise unknown("format", format_name, FORMATS, owner="--format")
    if format_name == "csv":
        refuse_beside(context, ("published", "controls", "efficiency", "digits"), "--format csv")
    if frame:
        from benchmark.report.kept_frame import frame_tables, read_frames

        choices = suite_report.Choices(published=published, controls=controls, efficiency=efficiency, digits=digits)
        name, rows = None, read_frames(frame)
        found = frame_tables(rows, choices)
    else:
        result = suites.result_of(
            suite or "quick", store, published=published, controls=controls, efficiency=efficiency, digits=digits, **view,
        )  # fmt: skip
        name, rows, found = result.suite, result.frame, (result.table,)
    text = suite_report.render_tables(rows, found, format_name)
    record = suite_report.as_json(name, rows, found, [output] if output else ())
    if output is None:
        emit(found if format_name == "markdown" else text, record, json_target, end="")
        return
    write_bytes(output, text.encode())
    emit(f"wrote {output}", record, json_target)


@with_view
def config_show(
    *,
    suite: Suite = "quick",
    view: View,
    json_target: Json = None,
) -> None:
    """Print a suite's resolved configuration and where each value came from.

    Example: python -m benchmark config show --suite quick --set timemar_s.vocab_size=256
    """
    from benchmark.api.view import request_of
    from benchmark.config.suites import load_suite
    from benchmark.plan.describe import configuration, configuration_text
    from benchmark.plan.planner import make_plan

    tree = configuration(make_plan(load_suite(suite), request_of(**view)))
    emit(configuration_text(tree), tree, json_target)
