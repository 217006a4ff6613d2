"""`statistics`: which generator is better over a suite, and how sure that is."""

from __future__ import annotations

from pathlib import Path

from benchmark.api.view import View
from benchmark.cli.options import (
    Json,
    StoreOption,
    Suite,
)
from benchmark.cli.printing import emit
from benchmark.cli.view import with_view


@with_view
def statistics(
    *,
    suite: Suite = "quick",
    view: View,
    store: StoreOption = Path("runs"),
    json_target: Json = None,
) -> None:
    """Test and rank a suite's generators: t-tests, Friedman, win rates, rank stability, components of variance.

    Example: python -m benchmark statistics --suite table1 --only dataset=stocks,sines
    """
    from benchmark.api import suites
    from benchmark.plots.statistics_command import write_statistics

    found = write_statistics(*suites.plan_suite(suite, store, **view))
    emit(found.content, found.record, json_target)
