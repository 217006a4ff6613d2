"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[
    str | None, typer.Option("--json", metavar="FILE|-", help="Write JSON to a file, or to standard output.")
]
Suite = Annotated[str, typer.Option(help="A suite's name or YAML file.")]
Budget = Annotated[
    str | None, typer.Option(envvar="TIMEMAR_BUDGET", help="smoke, quick, fast or paper, instead of the suite's own.")
]
ProtocolOption = Annotated[str | None, typer.Option(help="paper or strict, instead of the suite's own.")]
Seeds = Annotated[int | None, typer.Option(help="How many training seeds.")]
Only = Annotated[list[str] | None, typer.Option(help="Keep some cells: generator=a,b, dataset=, length= or seed=.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="A parameter: generator.param=value.")]
Csv = Annotated[Path | None, typer.Option(help="One's own data (CSV, Parquet, npy, npz) instead of the suite's.")]
DataDir = Annotated[Path | None, typer.Option(help="Where data files are; then TIMEMAR_DATA_DIR, then the user cache.")]
StoreOption = Annotated[Path, typer.Option(help="Where results live.")]
Tracking = Annotated[
    str | None,
    typer.Option(
        envvar=["TIMEMAR_TRACKING", "MLFLOW_TRACKING_URI"],
        metavar="URI|local|none",
        help="Where MLflow keeps the run: any tracking URI; local, a database in the store (unless said); or none. The option "
        "wins over the variables, and the first of them over the second.",
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
