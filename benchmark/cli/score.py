"""`score`: samples from anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.options import Device, Json
from benchmark.cli.printing import emit, report


def score(
    real: Annotated[Path, typer.Option(help="Real windows: npy, npz; or rows: csv, parquet.")],
    fake: Annotated[Path, typer.Option(help="Generated windows, in the same form.")],
    scores: Annotated[
        str, typer.Option(help="Names with commas between them, or all.")
    ] = "discriminative,predictive,context_fid",
    repetitions: Annotated[
        int | None, typer.Option(help="Repetitions of each metric (default: 5, or the budget's).")
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="smoke for a quick look; the published metrics where it is left out.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed of all random numbers.")] = 0,
    backend: Annotated[str, typer.Option(help="torch or tensorflow.")] = "torch",
    length: Annotated[int | None, typer.Option(min=2, help="Time steps in a window, for files of rows.")] = None,
    ranges: Annotated[
        list[str] | None,
        typer.Option(
            "--range",
            metavar="LOW,HIGH",
            help="A known range to scale to [0, 1]: once for all features, or once a feature, in their order (default: each "
            "feature's range in the real windows).",
        ),
    ] = None,
    controls: Annotated[bool, typer.Option(help="Score the copy, gaussian and oracle controls too.")] = True,
    device: Device = "auto",
    json_target: Json = None,
) -> None:
    """Score anyone's samples from any program, beside the controls and the floors.

    Example: python -m benchmark score --real real.npy --fake fake.npy --scores all
    """
    from benchmark.report.external import external_table
    from benchmark.report.render import markdown
    from benchmark.run import external
    from benchmark.run.device import choose_device
    from benchmark.run.progress import ticker

    request = external.Request(
        real,
        fake,
        tuple(scores.split(",")),
        repetitions,
        seed,
        backend,
        length,
        tuple(ranges or ()),
        budget,
        controls,
        choose_device(device),
    )
    result = external.score_files(request, ticker(report))
    emit(markdown(external_table(result)), result, json_target)
    if any(entry.get("status") == "failed" for entry in result["scores"].values()):
        raise typer.Exit(1)
