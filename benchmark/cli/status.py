"""`status`, `compare` and `doctor`: what stores hold, and what this machine lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.api.view import View
from benchmark.cli.options import (
    DataDir,
    Json,
    StoreOption,
)
from benchmark.cli.printing import emit
from benchmark.cli.view import with_view
from benchmark.errors import UserError


@with_view
def status(
    *,
    suite: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="A suite's name or YAML file (default: every cell of the store)."),
    ] = None,
    view: View,
    store: StoreOption = Path("runs"),
    json_target: Json = None,
) -> None:
    """Show what is done, running, failed and missing, for how long, and the time left; nothing is computed.

    Example: python -m benchmark status --suite table1 --only dataset=stocks
    """
    from benchmark.report import store_status
    from benchmark.report.status_text import status_table
    from benchmark.store.store import Store

    results = Store(store)
    if suite is None:
        if view.keys() - {"only", "budget", "protocol", "data_dir"}:
            raise UserError(
                "--length, --seeds, --sampling-seeds, --set and --csv change a suite, but none is named; add --suite quick, for "
                "example."
            )
        cells = store_status.whole_status(
            results, tuple(view.get("only") or ()), view.get("budget"), view.get("protocol")
        )
        title, what = None, f"store {store}"
    else:
        from benchmark.api import suites

        results.opened()
        plan, _ = suites.plan_suite(suite, store, **view)
        cells = store_status.suite_status(plan, results)
        title, what = plan.title, f"suite '{plan.title}' in store {store}"
    heading = f"{what}: {len(cells)} cell{'' if len(cells) == 1 else 's'}"
    emit(status_table(heading, cells), store_status.status_record(results, title, cells), json_target)


def compare(
    a: Annotated[Path, typer.Argument(help="A store.")],
    b: Annotated[Path, typer.Argument(help="Another store, such as that of a later version.")],
    json_target: Json = None,
) -> None:
    """Tell what moved between two stores, by how much and whether beyond noise, by paired tests.

    Example: python -m benchmark compare runs-before runs
    """
    from benchmark.compare import command
    from benchmark.store.store import Store

    found = command.compare(Store(a), Store(b))
    emit(found.content, found.record, json_target)


def doctor(
    store: StoreOption = Path("runs"),
    data_dir: DataDir = None,
    json_target: Json = None,
) -> None:
    """Say what is missing on this machine and what to type; exit status 1 where the main job cannot run.

    Example: python -m benchmark doctor
    """
    from benchmark.doctor import command

    found = command.examine(store, data_dir)
    emit(command.findings_text(found), command.findings_record(found), json_target)
    if not command.can_run(found):
        raise typer.Exit(1)
