"""`list` and `describe`: what there is."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmark.cli.options import BudgetName, Json, SetOfOne
from benchmark.cli.printing import emit
from benchmark.errors import unknown


def list_command(
    kind: Annotated[str | None, typer.Argument(help="generators, datasets, scores, suites or budgets.")] = None,
    json_target: Json = None,
) -> None:
    """Name generators, data sets, scores, suites and budgets with a line each.

    Example: python -m benchmark list generators
    """
    from benchmark.plan.describe import catalogue
    from benchmark.report.catalogue import catalogue_tables

    found = catalogue()
    if kind is not None:
        if kind not in found:
            raise unknown("kind", kind, found)
        found = {kind: found[kind]}
    emit(catalogue_tables(found), found, json_target)


def describe(
    generator: Annotated[str, typer.Argument(help="A generator's name, module:Class or YAML file.")],
    dataset: Annotated[str, typer.Option(metavar="NAME|FILE", help="A data set's name or YAML file.")] = "stocks",
    length: Annotated[int, typer.Option(min=2, help="Time steps in a window.")] = 24,
    budget: BudgetName = "fast",
    assign: SetOfOne = None,
    json_target: Json = None,
) -> None:
    """Show a generator's resolved parameters, where each came from, and its size by part.

    Example: python -m benchmark describe timemar_s --dataset etth --length 24
    """
    from benchmark.plan.describe import description, description_text

    record = description(generator, dataset, length, budget, tuple(assign or ()))
    emit(description_text(record), record, json_target)
