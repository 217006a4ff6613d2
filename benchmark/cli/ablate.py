"""`ablate`: a generator without each of its parts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.options import (
    BudgetName,
    DataDir,
    Device,
    Download,
    Force,
    Json,
    Retry,
    StoreOption,
    Tracking,
    Workers,
)
from benchmark.cli.printing import emit, report


def ablate(
    drop: Annotated[list[str], typer.Option(help="A part to take out, such as frequency; may repeat; or all.")],
    generator: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="A generator whose parameter 'drop' lists parts.")
    ] = "timemar_s",
    dataset: Annotated[
        list[str] | None, typer.Option(metavar="NAME|FILE", help="A data set; may repeat (default: stocks).")
    ] = None,
    length: Annotated[int, typer.Option(min=2, help="Time steps in a window.")] = 24,
    seeds: Annotated[int, typer.Option(min=1, help="Training seeds; an interval needs 2 or more.")] = 3,
    budget: BudgetName = "fast",
    data_dir: DataDir = None,
    store: StoreOption = Path("runs"),
    device: Device = "auto",
    workers: Workers = None,
    retry: Retry = None,
    force: Force = False,
    download: Download = True,
    tracking: Tracking = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the cells, what is cached and an estimate.")] = False,
    json_target: Json = None,
) -> None:
    """Measure what each part of a generator contributes: whole against without it, over training seeds.

    Example: python -m benchmark ablate --drop frequency --dataset stocks --seeds 3
    """
    from benchmark.ablate import command
    from benchmark.ablate.cells import AblationSpec
    from benchmark.run import launch
    from benchmark.store.store import Store

    spec = AblationSpec(tuple(drop), generator, tuple(dataset or ["stocks"]), length, seeds, budget)
    options = launch.options(device, workers, data_dir, retry, force=force)
    found = command.ablate(spec, Store(store), options, report, tracking=tracking, download=download, dry_run=dry_run)
    emit(found.content, found.record, json_target)
    if found.failed:
        raise typer.Exit(1)
