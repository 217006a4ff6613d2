"""The body of `python -m benchmark ablate`: from options to files, text and record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmark.ablate.cells import Ablation, AblationSpec, plan_ablation
from benchmark.ablate.effects import PARAMETERS, RECONSTRUCTION, Effect, effects
from benchmark.config.budgets import shortened_scores
from benchmark.data import fetch_missing
from benchmark.plan.cell import Cell
from benchmark.plan.request import Request
from benchmark.report.command_result import CommandResult, write_tables
from benchmark.report.text_table import TextTable, text_lines
from benchmark.report.written import written
from benchmark.run import launch, preview
from benchmark.run.runner import Options
from benchmark.store.store import Store
from benchmark.tracking.destination import check
from benchmark.tracking.observer import track_plan
from metrics import registry


def ablate(
    spec: AblationSpec,
    store: Store,
    options: Options,
    write: Callable[[str], None],
    *,
    tracking: str | None = "none",
    download: bool = True,
    dry_run: bool = False,
) -> CommandResult:
    """Run what is missing of an ablation and write its table; a dry run only shows the cells.

    Raises:
        UserError: A part, the generator or a data set does not exist, or the store cannot be used.
    """
    check(tracking)
    request = Request(data_dir=options.data_dir)
    ablation = plan_ablation(spec, request)
    if dry_run:
        seen = preview.preview(ablation.plan, store, options)
        return CommandResult((preview.preview_text(seen),), seen, False)
    store.create()
    if download and fetch_missing(ablation.plan.lacking, options.data_dir, write):
        ablation = plan_ablation(spec, request)
    with track_plan(ablation.plan, store, tracking, write) as tracked:
        outcomes = launch.run(ablation.plan, store, options, write, [tracked])
        found = effects(ablation, store)
        table = effects_table(ablation, spec, found)
        files = write_tables(_folder(ablation, spec, store), "table", [table])
        tracked.keep(files)
    failed = any(outcome.failed for outcome in outcomes)
    return CommandResult((table, *written(files)), _record(ablation, spec, found, files), failed)


def effects_table(ablation: Ablation, spec: AblationSpec, found: Sequence[Effect]) -> TextTable:
    """One row a quantity of each part on each data set, with the paper's Table 3 beside it."""
    header = ("data set", "without", "quantity", "whole", "without it", "difference", "conclusion", "published")
    rows = [
        (
            effect.dataset,
            effect.drop,
            effect.title,
            _number(effect, effect.whole),
            _number(effect, effect.without),
            _difference(effect),
            effect.conclusion,
            "" if effect.published is None else "{:.3f} → {:.3f}".format(*effect.published),
        )
        for effect in found
    ]
    cell = ablation.base[0]
    title, caption = f"{cell.title}, part by part", _caption(spec, cell)
    return TextTable(title, header, text_lines(rows), caption=caption, notes=_notes(spec, cell, found))


def _caption(spec: AblationSpec, cell: Cell) -> str:
    """Setting, budget, seeds, and what a difference and its interval are."""
    seeds = f"{spec.seeds} training seeds" if spec.seeds > 1 else "1 training seed"
    caption = (
        f"Length {spec.length}, budget {spec.budget}, protocol {cell.protocol}, {seeds}. A difference is the value without the "
        "part minus the whole generator's."
    )
    if spec.seeds == 1:
        return (
            f"{caption} One training seed gives no interval, so that no difference can be told from chance; use --seeds 3 or "
            "more."
        )
    return (
        f"{caption} In brackets its 95 % interval by Welch's t-test over training seeds; Context-FID is compared by "
        "logarithms, so that its difference is one of geometric means. A difference whose interval contains 0, or does not lie "
        "wholly beyond a perfect generator's distance from the ideal (the floor), is not distinguishable."
    )


def _notes(spec: AblationSpec, cell: Cell, found: Sequence[Effect]) -> tuple[str, ...]:
    notes = []
    if spec.seeds > 1:
        shown = [effect for effect in found if effect.difference and effect.quantity != PARAMETERS]
        clear = sum(effect.conclusion in ("worse without it", "better without it") for effect in shown)
        notes.append(
            f"{clear} of {len(shown)} comparisons are distinguishable; at the 5 % level chance alone gives at most about "
            f"{0.05 * len(shown):.1f}."
        )
    if any(effect.quantity == RECONSTRUCTION for effect in found):
        notes.append("The reconstruction error is that of the training windows, in units of the range 0 to 1.")
    if cell.budget.scores:
        notes.append(shortened_scores(spec.budget))
    if any(effect.published for effect in found):
        notes.append("Published: Table 3 of the paper, whole → without; its ± is not defined there.")
    return tuple(notes)


def _number(effect: Effect, value: float | None) -> str:
    if value is None:
        return ""
    if effect.quantity == PARAMETERS:
        return f"{value:,.0f}"
    return f"{value:.2e}" if effect.quantity == RECONSTRUCTION else f"{value:.{_decimals(effect)}f}"


def _difference(effect: Effect) -> str:
    if effect.difference is None:
        return ""
    mean, low, high, _ = effect.difference
    if effect.quantity == PARAMETERS:
        return f"{mean:+,.0f}"
    form = "+.2e" if effect.quantity == RECONSTRUCTION else f"+.{_decimals(effect)}f"
    if low is None or high is None:
        return f"{mean:{form}}"
    return f"{mean:{form}} [{low:{form}}, {high:{form}}]"


def _decimals(effect: Effect) -> int:
    return registry.load(effect.quantity).info.decimals


def _folder(ablation: Ablation, spec: AblationSpec, store: Store) -> Path:
    parts = "-".join([*spec.datasets, str(spec.length), spec.budget, *ablation.without])
    return store.root / "ablations" / f"{ablation.base[0].generator}-{parts}".replace("/", "_")


def _record(ablation: Ablation, spec: AblationSpec, found: Sequence[Effect], files: Sequence[Path]) -> dict[str, Any]:
    """The result with stable keys."""
    rows = []
    for effect in found:
        row = asdict(effect)
        row |= dict.fromkeys(("difference", "low", "high"))
        if effect.difference is not None:
            row["difference"], row["low"], row["high"], _ = effect.difference
        row["published"] = list(effect.published) if effect.published else None
        rows.append(row)
    return {
        "generator": ablation.base[0].generator,
        "drops": list(ablation.without),
        "datasets": list(spec.datasets),
        "length": spec.length,
        "budget": spec.budget,
        "seeds": spec.seeds,
        "effects": rows,
        "cells": [cell.slug for cell in ablation.plan.cells],
        "files": [str(path) for path in files],
    }
