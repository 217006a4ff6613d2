"""`sample`: new windows from a trained cell or a saved generator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.api.export import FORMATS
from benchmark.cli.options import ONE_OF, DataDir, Device, Json, Output, StoreOption
from benchmark.cli.printing import emit
from benchmark.cli.ways import refuse_others
from benchmark.errors import UserError


def sample(
    context: typer.Context,
    cell: Annotated[
        str | None, typer.Option(help="A cell's name in the store, or the beginning of it or its key.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="A folder that a generator was saved to from Python, instead of a cell.")
    ] = None,
    n: Annotated[int, typer.Option("--n", "-n", help="How many windows.")] = 1000,
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format", metavar=ONE_OF(FORMATS), help="The file's format (default: as its name ends, else csv)."
        ),
    ] = None,
    output: Output = None,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal windows on the CPU.")] = 0,
    scaled: Annotated[bool, typer.Option("--scaled", help="Values in [0, 1] instead of the data's own units.")] = False,
    store: StoreOption = Path("runs"),
    data_dir: DataDir = None,
    device: Device = "auto",
    json_target: Json = None,
) -> None:
    """Draw new windows from a trained cell or a saved generator, in the data's own units.

    CSV and Parquet have the columns window and step, both counted from 0, then the features: one row a step. npy is the array
    (windows, steps, features).

    Example: python -m benchmark sample --cell stocks-24-timemar_s --n 1000 --output new.csv
    """
    from benchmark import api
    from benchmark.api.export import check_format, csv_text, write_windows
    from benchmark.store.fitted import find_cell
    from benchmark.store.store import Store

    if (cell is None) == (model is None):
        raise UserError(
            "sample takes either --cell or --model; give one of them, for example --cell stocks-24-timemar_s."
        )
    refuse_others(context, {"model": {"n", "format_name", "output", "seed", "scaled", "device", "json_target"}})
    suffix = output.suffix.lower().removeprefix(".") if output else ""
    form = format_name or suffix or "csv"
    check_format(form)
    if output is None and form != "csv":
        raise UserError(f"the format {form} is not for standard output; name a file with --output.")
    if json_target and output is None:
        raise UserError("--json describes the file of --output, but none is named; add --output FILE.")
    if model is not None:
        fitted = api.load_generator(model, device)
    else:
        fitted = api.load_cell(cell or "", store, device, data_dir=data_dir)
    windows, features = fitted.sample(n, seed, units=not scaled), fitted.feature_names
    if output is None:
        print(csv_text(windows, features), end="")
        return
    write_windows(output, windows, features, form)
    record = {
        "path": str(output),
        "format": form,
        "shape": list(windows.shape),
        "columns": list(features),
        "scaled": scaled,
        "cell": cell and find_cell(Store(store), cell).path.name,
        "model": model and str(model),
        "seed": seed,
    }
    emit(f"wrote {output}", record, json_target)
