"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from benchmark.errors import UserError
from benchmark.protocols import PROTOCOLS
from benchmark.run import RETRIED
from benchmark.run.device import DEVICES


def writable(option: str, target: Path) -> None:
    """Refuse a file that cannot be written, before anything is computed for it; raises UserError."""
    if target.is_dir() or not target.name:
        raise UserError(f"{option} '{target}' cannot be written (Is a directory); name a file in it.")
    if not target.parent.is_dir():
        raise UserError(
            f"{option} '{target}' cannot be written: the folder '{target.parent}' of {option} does not exist; make it or "
            "choose another file."
        )
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise UserError(f"{option} '{target}' cannot be written (it may only be read); choose another file.")


def _json(target: str | None) -> str | None:
    if target not in (None, "-"):
        writable("--json", Path(target or ""))
    return target


def output_file(target: Path | None) -> Path | None:
    """The file of `--output`; raises UserError where it cannot be written."""
    if target is not None:
        writable("--output", target)
    return target


def plan_file(target: Path | None) -> Path | None:
    """The file of `--plan-only`; raises UserError where it cannot be written."""
    if target is not None:
        writable("--plan-only", target)
    return target


Json = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE|-", callback=_json, help="Write JSON to a file, or to standard output."),
]
Output = Annotated[Path | None, typer.Option(callback=output_file, help="A file instead of standard output.")]
ONE_OF = "|".join
"""The metavar of an option with a closed set of values: the names that validate it."""
Suite = Annotated[str, typer.Option(metavar="NAME|FILE", help="A suite's name or YAML file.")]
SuiteOrDefault = Annotated[
    str | None, typer.Option(metavar="NAME|FILE", help="A suite's name or YAML file (default: quick).")
]
Budget = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", envvar="TIMEMAR_BUDGET", help="A budget of `list budgets`, instead of the suite's own."
    ),
]
ProtocolOption = Annotated[
    str | None,
    typer.Option(metavar=ONE_OF(PROTOCOLS), help="The division of real windows, instead of the suite's own."),
]
Lengths = Annotated[
    list[int] | None,
    typer.Option("--length", help="Time steps of a window, instead of the suite's lengths; may repeat."),
]
Seeds = Annotated[int | None, typer.Option(help="How many training seeds.")]
SamplingSeeds = Annotated[
    int | None, typer.Option(help="How many sets of samples from each fitted model, each scored by every repetition.")
]
Only = Annotated[list[str] | None, typer.Option(help="Keep some cells: generator=a,b, dataset=, length= or seed=.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="A parameter: generator.param=value.")]
SetOfOne = Annotated[list[str] | None, typer.Option("--set", help="A parameter: name=value; may repeat.")]
Csv = Annotated[
    Path | None,
    typer.Option(help="One's own data (CSV, Parquet, npy, npz, or the YAML of one) instead of the suite's."),
]
DataDir = Annotated[Path | None, typer.Option(help="Where data files are; then TIMEMAR_DATA_DIR, then the user cache.")]
Frames = Annotated[
    list[Path] | None,
    typer.Option(
        "--frame",
        metavar="FILE",
        help="A kept results.csv, as `tables --format csv` writes it, instead of a store; may repeat.",
    ),
]
StoreOption = Annotated[Path, typer.Option(help="Where results live.")]
Tracking = Annotated[
    str | None,
    typer.Option(
        envvar=["TIMEMAR_TRACKING", "MLFLOW_TRACKING_URI"],
        metavar="URI|local|none",
        help="Where MLflow keeps the run: any tracking URI; local, a database in the store (the default); or none. The option "
        "wins over the variables, and the first of them over the second.",
    ),
]
Device = Annotated[
    str, typer.Option(metavar=ONE_OF(DEVICES), help="Where to compute; auto takes a CUDA device where there is one.")
]
BudgetName = Annotated[str, typer.Option(metavar="NAME", envvar="TIMEMAR_BUDGET", help="A budget of `list budgets`.")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Cells at a time (default: one a core; on an accelerator one).")
]
Retry = Annotated[str | None, typer.Option(metavar=ONE_OF(RETRIED), help="failed: compute failed cells again too.")]
Download = Annotated[bool, typer.Option(help="Fetch data files that are missing.")]
Force = Annotated[
    bool, typer.Option("--force", help="Compute the cells again; what they have stays until the new results are there.")
]
