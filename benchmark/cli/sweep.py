"""`sweep`: parameters tried by Optuna."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer

from benchmark.cli.options import ONE_OF, DataDir, Device, Download, Json, Retry, StoreOption, Tracking
from benchmark.cli.printing import emit, report
from benchmark.protocols import PROTOCOLS
from benchmark.sweep.spec import Pruner, Sampler


def sweep(
    generator: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="A generator's name, module:Class or YAML file.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="A data set's name or YAML file (default: stocks).")
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(help="name=a,b,c or name=low..high[:log]; tuples as 1-2-3-6; patch_nums alone proposes scales."),
    ] = None,
    length: Annotated[int | None, typer.Option(help="Time steps in a window (default: 24).")] = None,
    sampler: Annotated[
        str | None, typer.Option(metavar=ONE_OF(get_args(Sampler)), help="Which parameters are tried (default: grid).")
    ] = None,
    trials: Annotated[int | None, typer.Option(help="Trials in all (default: the whole grid, or 20).")] = None,
    objective: Annotated[
        str | None, typer.Option(help="validation (default), measurement:NAME of the fitted model, or a metric's name.")
    ] = None,
    allow_test_objective: Annotated[
        bool | None, typer.Option("--allow-test-objective", help="Allow a score that tables report as the objective.")
    ] = None,
    scores: Annotated[
        str | None, typer.Option(help="Test scores of the best trial, separated by commas (default: context_fid).")
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(metavar="NAME", envvar="TIMEMAR_BUDGET", help="A budget of `list budgets` (default: fast)."),
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(metavar=ONE_OF(PROTOCOLS), help="The division of real windows (default: the objective's own)."),
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="Training seeds a trial (default: 1).")] = None,
    study: Annotated[
        str | None, typer.Option(help="The study's name (default: made of generator, data set and length).")
    ] = None,
    storage: Annotated[
        str | None, typer.Option(help="An Optuna storage's URL (default: an SQLite file in the store).")
    ] = None,
    pruner: Annotated[
        str | None,
        typer.Option(metavar=ONE_OF(get_args(Pruner)), help="Which trials end early (default: none)."),
    ] = None,
    prune_on: Annotated[
        str | None,
        typer.Option(
            help="The logged metric to prune on: loss or stage:loss (default: validation, or loss where it is not logged)."
        ),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="A YAML file with these options; options given here win.")] = None,
    data_dir: DataDir = None,
    store: StoreOption = Path("runs"),
    device: Device = "auto",
    workers: Annotated[int | None, typer.Option(min=1, help="Cells of one trial (its seeds) at a time.")] = None,
    retry: Retry = None,
    download: Download = True,
    tracking: Tracking = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the space and the number of trials.")] = False,
    json_target: Json = None,
) -> None:
    """Search parameters and tabulate the objective; the same command resumes a sweep, and in a second process shares it.

    Example: python -m benchmark sweep --generator timemar_s --param patch_nums --param vocab_size=256,384,512
    """
    from benchmark.run import launch
    from benchmark.store.store import Store
    from benchmark.sweep import command
    from benchmark.sweep.spec import load_sweep

    given = {
        "generator": generator,
        "dataset": dataset,
        "length": length,
        "sampler": sampler,
        "trials": trials,
        "objective": objective,
        "allow_test_objective": allow_test_objective,
        "scores": scores.split(",") if scores else None,
        "budget": budget,
        "protocol": protocol,
        "seeds": seeds,
        "study": study,
        "storage": storage,
        "pruner": pruner,
        "prune_on": prune_on,
    }
    spec = load_sweep(config, given, param or [])
    options = launch.options(device, workers, data_dir, retry)
    found = command.sweep(
        spec,
        Store(store),
        options,
        report,
        data_dir=data_dir,
        tracking=tracking,
        download=download,
        dry_run=dry_run,
    )
    emit(found.content, found.record, json_target)
    if found.failed:
        raise typer.Exit(1)
