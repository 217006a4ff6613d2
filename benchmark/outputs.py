"""The files a suite leaves behind: its table in three formats."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.plan import Plan
from benchmark.report.render import latex, markdown
from benchmark.report.table import Table, make_table
from benchmark.results import results_frame
from benchmark.store import Store, write_bytes

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SuiteResult:
    """A suite's frame and table."""

    frame: pd.DataFrame
    table: Table


def suite_result(plan: Plan, store: Store) -> SuiteResult:
    """What the store holds of a plan's cells."""
    skips = {cell.key: cell.skip for cell in plan.cells if cell.skip}
    frame = results_frame(plan.cells, plan.scores, store, skips)
    titles = {cell.dataset.id: cell.dataset.title for cell in plan.cells}
    notes = []
    if plan.cells[0].budget.scores:
        notes.append(
            f"Budget {plan.suite.budget} shortens the scores too: its numbers test the program and compare with nothing."
        )
    datasets = {cell.dataset.id: cell.dataset for cell in plan.cells}
    notes += [
        f"{dataset.title}, {name}: {text}"
        for dataset in datasets.values()
        for name, text in dataset.score_notes.items()
        if name in plan.scores
    ]
    notes += _distances(plan, store)
    title = plan.suite.title or plan.suite.name
    return SuiteResult(frame, make_table(frame, title=title, dataset_titles=titles, notes=notes))


def _distances(plan: Plan, store: Store) -> list[str]:
    """The medians behind the ratio that tells copying: generated to nearest training window, and training windows' own."""
    if "nearest_training" not in plan.scores:
        return []
    found: dict[str, list[str]] = {}
    for cell in plan.cells:
        details = store.cell(cell).scores().get("nearest_training", {}).get("details")
        if details and cell.seed == 0:
            place = f"{cell.dataset.title or cell.dataset.id} {cell.length}"
            own = (
                "" if cell.uses_fresh_data else f" (training windows among themselves {details['median_training']:.4f})"
            )
            found.setdefault(place, []).append(f"{cell.title} {details['median_generated']:.4f}{own}")
    return [
        f"Median distance to the nearest training window, {place}: {'; '.join(who)}." for place, who in found.items()
    ]


def render(result: SuiteResult, format: str) -> str:  # noqa: A002 - the option's own name
    """The result as "markdown", "latex" or "csv"."""
    if format == "csv":
        return result.frame.to_csv(index=False)
    return {"markdown": markdown, "latex": latex}[format](result.table)


FILES = {"table.md": "markdown", "table.tex": "latex", "results.csv": "csv"}


def suite_folder(plan: Plan, store: Store) -> Path:
    """Where a suite's tables and figures lie."""
    return store.root / "suites" / f"{plan.suite.name}-{plan.suite.protocol}-{plan.suite.budget}"


def write_outputs(plan: Plan, result: SuiteResult, store: Store) -> list[Path]:
    """Write the table in every format into the store; the paths written."""
    folder = suite_folder(plan, store)
    folder.mkdir(parents=True, exist_ok=True)
    for name, format in FILES.items():  # noqa: A001
        write_bytes(folder / name, render(result, format).encode())
    return [folder / name for name in FILES]


def as_json(plan: Plan, result: SuiteResult, files: list[Path]) -> dict[str, Any]:
    """The result with stable keys: suite, files, caption and one record a cell with its scores."""
    cells: list[dict[str, Any]] = []
    for slug, part in result.frame.groupby("cell", sort=False):
        first = part.iloc[0]
        scores = {
            str(name): {"repetitions": list(rows["value"].dropna()), "status": str(rows["status"].iloc[0])}
            for name, rows in part.groupby("metric", sort=False)
        }
        fields = ("generator", "dataset", "length", "protocol", "budget", "seed")
        place = {field: first[field].item() if hasattr(first[field], "item") else first[field] for field in fields}
        cells.append({"cell": slug, **place, "reason": str(part["reason"].max()), "scores": scores})
    return {
        "suite": plan.suite.name,
        "caption": result.table.caption,
        "files": [str(path) for path in files],
        "cells": json.loads(json.dumps(cells)),
    }
