"""The files a suite leaves behind: its table in each format, and its frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.config.budgets import shortened_scores
from benchmark.config.generators import generator_names
from benchmark.config.generators import load_spec as load_generator
from benchmark.external.entered import notes_of
from benchmark.files import write_bytes
from benchmark.plan.cell import Cell
from benchmark.plan.planner import Plan
from benchmark.report import choose
from benchmark.report.efficiency import with_efficiency
from benchmark.report.fit_notes import fit_notes
from benchmark.report.formats import FILES
from benchmark.report.frame import results_frame
from benchmark.report.html import html
from benchmark.report.latex import document, latex
from benchmark.report.layouts import differences, grid, methods
from benchmark.report.render import markdown
from benchmark.report.spread import spread_of
from benchmark.report.table import Table, make_table
from benchmark.report.text_table import TextTable
from benchmark.store.store import Store

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SuiteResult:
    """A suite's name, its frame, and its table in the suite's layout."""

    suite: str
    frame: pd.DataFrame
    table: TextTable


@dataclass(frozen=True)
class Choices:
    """What a reader wants to see of a table; `digits` None leaves each score its own."""

    published: bool = True
    controls: bool = True
    efficiency: bool = False
    digits: int | None = None


SHOW = Choices()


def suite_result(plan: Plan, store: Store, show: Choices = SHOW) -> SuiteResult:
    """What the store holds of a plan's cells, as a reader wants to see it."""
    frame = results_frame(plan.cells, plan.score_names, store)
    titles = {cell.dataset.id: cell.dataset.title for cell in plan.cells}
    notes = [*plan_notes(plan), *fit_notes(frame, titles)]
    table = chosen(make_table(frame, title=plan.title, dataset_titles=titles, notes=notes), frame, show)
    if plan.suite.layout == "grid":
        return SuiteResult(plan.suite.name, frame, grid(table, plan.suite.variants))
    laid_out = {"methods": methods, "differences": differences}[plan.suite.layout](table)
    return SuiteResult(plan.suite.name, frame, laid_out)


def plan_notes(plan: Plan) -> list[str]:
    """What a reader of a plan's results must know whatever the store holds: shortened scores, data sets, fewer sampling steps."""
    notes = []
    if plan.cells[0].budget.scores:
        notes.append(shortened_scores(plan.suite.budget))
    datasets = {cell.dataset.id: cell.dataset for cell in plan.cells}
    remarks = {cell.dataset.id: f"{cell.dataset.title}: {cell.remark}." for cell in plan.cells if cell.remark}
    notes += remarks.values()
    strict = plan.cells[0].protocol == "strict"
    notes += [
        f"{dataset.title}, {name}: {text}"
        for dataset in datasets.values()
        for name, text in dataset.score_notes.items()
        if name in plan.scores
    ]
    notes += [f"{d.title}, protocol strict: {d.strict_note}" for d in datasets.values() if d.strict_note and strict]
    return [*notes, *notes_of(plan), *_samplers(plan)]


def chosen(table: Table, frame: pd.DataFrame, show: Choices) -> Table:
    """A frame's table as a reader wants to see it."""
    if not show.published:
        table = choose.without_published(table)
    if show.digits is not None:
        table = choose.with_digits(table, show.digits)
    if show.efficiency:
        table = with_efficiency(table, frame)
    return table if show.controls else choose.without_controls(table)


def _samplers(plan: Plan) -> list[str]:
    """Who samples with fewer steps than it has: other samples than the method's, drawn in less time."""
    found: dict[str, dict[str, None]] = {}
    for cell in plan.cells:
        given, most = cell.params.get("sampling_steps"), _own_sampling_steps(cell)
        if given is not None and most is not None and given < most:
            where = f"{cell.dataset.title or cell.dataset.id} {cell.length}"
            found.setdefault(f"{cell.title} {given} of {most}", {})[where] = None
    told = [f"{who} on {', '.join(where)}" for who, where in found.items()]
    return [f"Fewer sampling steps than the method has: {'; '.join(told)}."] if told else []


def _own_sampling_steps(cell: Cell) -> int | None:
    """The sampling steps of a cell's method at budget paper: all diffusion steps where it states no number."""
    if cell.generator not in generator_names() or cell.params.get("sampling_steps") is None:
        return cell.params.get("diffusion_steps")
    setting = {"dataset": cell.dataset.id, "features": cell.features, "length": cell.length, "budget": "paper"}
    layers = load_generator(cell.generator).layers({**setting, "protocol": cell.protocol})
    stated: dict[str, Any] = {name: value for _, values in layers for name, value in values.items()}
    steps: int | None = stated.get("sampling_steps") or cell.params.get("diffusion_steps")
    return steps


def render(result: SuiteResult, format: str) -> str:  # noqa: A002 - the option's own name
    """The result as "markdown", "latex" (a whole document), "latex-fragment" (its float alone), "html" or "csv"."""
    return render_tables(result.frame, [result.table], format)


def render_tables(frame: pd.DataFrame, tables: Sequence[TextTable], format: str) -> str:  # noqa: A002
    """A frame's tables one after the other, in a format that `render` knows."""
    if format == "csv":
        return frame.to_csv(index=False)
    if format == "latex":
        return document("\n".join(map(latex, tables)), _origins(frame))
    return "\n".join(map({"markdown": markdown, "html": html, "latex-fragment": latex}[format], tables))


def _origins(frame: pd.DataFrame) -> list[str]:
    """The cells behind a table, each with the commit that trained it."""
    return [
        f"cell {slug}: commit {first['commit'] or 'unknown'}{', changed tree' if str(first['dirty']) == 'True' else ''}"
        for slug, part in frame[frame["status"] == "done"].groupby("cell", sort=False)
        for first in (part.iloc[0],)
    ]


def suite_folder(plan: Plan, store: Store) -> Path:
    """Where a suite's tables and figures lie; those of a narrowed or altered suite have a folder of their own."""
    return store.root / "suites" / plan.folder


def write_outputs(plan: Plan, result: SuiteResult, store: Store) -> list[Path]:
    """Write the table in every format into the store; the paths written."""
    folder = suite_folder(plan, store)
    folder.mkdir(parents=True, exist_ok=True)
    for name, format in FILES.items():  # noqa: A001
        write_bytes(folder / name, render(result, format).encode())
    return [folder / name for name in FILES]


def as_json(
    suite: str | None, frame: pd.DataFrame, tables: Sequence[TextTable], files: Sequence[Path] = ()
) -> dict[str, Any]:
    """A frame with stable keys: suite (None for kept frames), caption, files and one record a cell with its scores."""
    return {
        "suite": suite,
        "caption": "\n".join(table.caption for table in tables),
        "files": [str(path) for path in files],
        "cells": [_cell_record(part) for _, part in frame.groupby(["cell", "generator"], sort=False)],
    }


def _cell_record(rows: pd.DataFrame) -> dict[str, Any]:
    first = rows.iloc[0]
    fields = ("cell", "generator", "dataset", "length", "protocol", "budget", "seed")
    return {
        **{field: first[field].item() if hasattr(first[field], "item") else first[field] for field in fields},
        "reason": str(rows["reason"].max()),
        "scores": {str(name): _score_record(part) for name, part in rows.groupby("metric", sort=False)},
    }


def _score_record(rows: pd.DataFrame) -> dict[str, Any]:
    """Mean and half-width as a table has them, over draws of samples or else repetitions, the floor and every value."""
    values, floors = rows.dropna(subset=["value"]), rows["floor"].dropna()
    spread = None if values.empty else spread_of(values)
    return {
        "mean": spread and spread.mean,
        "half_width": spread and spread.half_width,
        "floor": None if floors.empty else float(floors.iloc[0]),
        "repetitions": list(values["value"]),
        "status": str(rows["status"].iloc[0]),
    }
