"""`score`: samples from anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.options import ONE_OF, DataDir, Device, Json
from benchmark.cli.printing import emit, report
from benchmark.cli.ways import refuse_others
from benchmark.errors import UserError
from benchmark.external import UNITS
from benchmark.protocols import PROTOCOLS
from metrics.registry import BACKEND_NAMES

if TYPE_CHECKING:
    from benchmark.external.enter import Entry


ENTERING = "Entering into a store"


SETTING = {"fake", "length", "scores", "budget", "device", "json_target"}
OF_A_ROW = ("dataset", "protocol", "store", "training_seed", "units", "selection", "code", "data_dir")
WAYS = {"name": SETTING.union(OF_A_ROW), "real": SETTING | {"ranges", "repetitions", "seed", "backend", "controls"}}


def score(
    context: typer.Context,
    fake: Annotated[Path, typer.Option(help="Generated windows: npy, npz; or rows: csv, parquet.")],
    real: Annotated[
        Path | None, typer.Option(help="Real windows, in the same form; with --as a --dataset instead.")
    ] = None,
    scores: Annotated[
        str, typer.Option(help="Names with commas between them, or all.")
    ] = "discriminative,predictive,context_fid",
    repetitions: Annotated[
        int | None, typer.Option(help="Repetitions of each metric (default: 5, or the budget's).")
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="smoke for a quick look; the published metrics where it is left out."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed of all random numbers.")] = 0,
    backend: Annotated[
        str, typer.Option(metavar=ONE_OF(BACKEND_NAMES), help="The library that computes the metrics.")
    ] = "torch",
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
    name: Annotated[
        str | None,
        typer.Option("--as", metavar="NAME", rich_help_panel=ENTERING, help="Enter the samples as a row of this name."),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", rich_help_panel=ENTERING, help="The data set that the samples imitate."),
    ] = None,
    protocol: Annotated[
        str,
        typer.Option(metavar=ONE_OF(PROTOCOLS), rich_help_panel=ENTERING, help="The division of real windows."),
    ] = "paper",
    store: Annotated[Path, typer.Option(rich_help_panel=ENTERING, help="The store.")] = Path("runs"),
    training_seed: Annotated[
        int, typer.Option(min=0, rich_help_panel=ENTERING, help="Which of several trainings made them.")
    ] = 0,
    units: Annotated[
        str,
        typer.Option(
            metavar=ONE_OF(UNITS), rich_help_panel=ENTERING, help="scaled, values in [0, 1], or data, the data's units."
        ),
    ] = "scaled",
    selection: Annotated[
        str, typer.Option(rich_help_panel=ENTERING, help="How these samples or this model were chosen.")
    ] = "",
    code: Annotated[str, typer.Option(rich_help_panel=ENTERING, help="The address of the code that made them.")] = "",
    data_dir: DataDir = None,
) -> None:
    """Score anyone's samples from any program, beside the controls and the floors, or as a row of a store.

    Example: python -m benchmark score --real real.npy --fake fake.npy --scores all

    Example: python -m benchmark score --fake fake.npy --as mine --dataset stocks --length 24 --selection "last checkpoint"
    """
    refuse_others(context, WAYS, dict.fromkeys(OF_A_ROW, "--as NAME"))
    if name is not None:
        if dataset is None or length is None:
            raise UserError("--as needs the setting of its row; add --dataset and --length.")
        from benchmark.external.enter import Entry

        entry = Entry(
            name, fake, dataset, length, protocol, budget or "fast", tuple(scores.split(",")),
            training_seed, units, selection, code, data_dir,
        )  # fmt: skip
        _enter(entry, store, device, json_target)
        return
    if real is None:
        raise UserError("--real is missing; give the real windows, or --as NAME with a --dataset.")
    from benchmark import api
    from benchmark.run.progress import ticker

    result = api.score(
        real, fake, scores, repetitions, seed, controls, budget=budget, backend=backend, length=length,
        ranges=ranges or (), device=device, report=ticker(report),
    )  # fmt: skip
    emit(result.table, result.record, json_target)
    if result.failed:
        raise typer.Exit(1)


def _enter(entry: Entry, folder: Path, device: str, json_target: str | None) -> None:
    """Enter samples into a store, compute their scores and print their row."""
    from benchmark.external.enter import enter
    from benchmark.report import suite as suite_report
    from benchmark.run import launch
    from benchmark.store.store import Store

    store = Store(folder)
    plan = enter(entry, store)
    outcomes = launch.run(plan, store, launch.options(device, 1, entry.data_dir, None), report)
    result = suite_report.suite_result(plan, store)
    record = suite_report.as_json(result.suite, result.frame, [result.table])
    emit(result.table, record, json_target)
    if any(outcome.failed for outcome in outcomes):
        raise typer.Exit(1)
