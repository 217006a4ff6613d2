"""`sync` and `ui`: what is done with the tracker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.options import Json, StoreOption
from benchmark.cli.printing import emit, report


def sync(
    store: StoreOption = Path("runs"),
    tracking: Annotated[
        str | None, typer.Option(metavar="URI|local", help="Where to (default: each suite run to its own destination).")
    ] = None,
    json_target: Json = None,
) -> None:
    """Upload to MLflow what it does not have yet, such as results from a time when the server was down.

    Example: python -m benchmark sync --tracking http://127.0.0.1:5000
    """
    from benchmark.store.store import Store
    from benchmark.tracking.sync import sync as upload

    done = upload(Store(store), tracking, report)
    emit(done.text(), done.record(), json_target)
    if done.failed:
        raise typer.Exit(1)


def ui(
    store: StoreOption = Path("runs"),
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port on this machine.")] = 5000,
) -> None:
    """Start the MLflow page over a store's runs on localhost; Ctrl-C ends it.

    Example: python -m benchmark ui --port 5000
    """
    from benchmark.store.store import Store
    from benchmark.tracking.ui import ui as serve

    serve(Store(store), port, report)
