"""What a sweep found, as records and tables: its trials, and one objective over pairs of parameters (as Table 8 of the paper)."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from benchmark.config.files import shipped
from benchmark.plan.keys import score_sheet
from benchmark.report.plain import PlainTable
from benchmark.statistics import summarise
from benchmark.sweep.loop import Sweep
from benchmark.sweep.space import Choices
from benchmark.sweep.study import OWNER, SLOT

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

STATES = {"COMPLETE": "done", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running", "WAITING": "waiting"}


def records(sweep: Sweep) -> list[dict[str, Any]]:
    """One record a trial with stable keys, in the slots' order."""
    return [_record(sweep, trial) for trial in sweep.book.trials()]


def _record(sweep: Sweep, trial: FrozenTrial) -> dict[str, Any]:
    facts = trial.user_attrs
    done = trial.state.name == "COMPLETE"
    reason = facts.get("reason", "")
    if trial.state.name == "RUNNING":
        reason = f"on {facts.get(OWNER, 'another machine')}"
    return {
        "trial": facts[SLOT],
        "state": STATES[trial.state.name],
        "reason": reason,
        "params": {d.name: trial.params.get(d.name) for d in sweep.space.dimensions},
        "value": trial.value if done else None,
        "half_width": facts.get("half_width") if done else None,
        "scores": facts.get("scores", {}),
        "parameters": facts.get("parameters"),
        "fit_seconds": facts.get("fit_seconds"),
        "cells": facts.get("cells", []),
    }


def best(found: Sequence[Mapping[str, Any]], *, maximise: bool) -> Mapping[str, Any] | None:
    """The finished trial with the best value, the first of equals; None where none is finished."""
    done = [record for record in found if record["value"] is not None]
    return (max if maximise else min)(done, key=lambda record: record["value"], default=None)


def summary(sweep: Sweep, files: Sequence[str]) -> dict[str, Any]:
    """The whole outcome with stable keys."""
    found = records(sweep)
    chosen = best(found, maximise=sweep.objective.maximise)
    return {
        "study": sweep.spec.name,
        "storage": _without_password(sweep.storage),
        "generator": sweep.base.cells[0].generator,
        "dataset": sweep.spec.dataset,
        "length": sweep.spec.length,
        "budget": sweep.spec.budget,
        "protocol": sweep.objective.protocol,
        "objective": sweep.objective.name,
        "test_objective": sweep.objective.is_test,
        "direction": "maximize" if sweep.objective.maximise else "minimize",
        "trials": found,
        "best": None if chosen is None else {**chosen, "settings": _settings(sweep, chosen)},
        "files": list(files),
    }


def _settings(sweep: Sweep, record: Mapping[str, Any]) -> dict[str, Any]:
    """A trial's parameters as the generator takes them."""
    values = sweep.space.values(record["params"])
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def trials_table(sweep: Sweep) -> PlainTable:
    """A row a trial, the best first."""
    found = records(sweep)
    sign = -1 if sweep.objective.maximise else 1
    found.sort(key=lambda r: (r["value"] is None, sign * (r["value"] or 0.0), r["trial"]))
    names = [dimension.name for dimension in sweep.space.dimensions]
    also = [name for name in sweep.spec.scores if name != sweep.objective.score]
    arrow = "↑" if sweep.objective.maximise else "↓"
    header = ("trial", *names, f"{objective_title(sweep)} {arrow}", *also, "parameters", "fit s", "state")
    rows = tuple(
        (
            str(r["trial"]),
            *(_text(r["params"][name]) for name in names),
            _value(r["value"], r["half_width"]),
            *(_value(r["scores"].get(name), None) for name in also),
            _text(r["parameters"]),
            _text(r["fit_seconds"]),
            f"{r['state']}: {r['reason']}" if r["reason"] else r["state"],
        )
        for r in found
    )
    bold = frozenset({(0, len(names) + 1)}) if found and found[0]["value"] is not None else frozenset()
    return PlainTable(f"Trials of {sweep.spec.name}", header, rows, bold, _notes(sweep))


def sensitivity_tables(sweep: Sweep) -> list[PlainTable]:
    """For each pair of listed parameters the objective and every score, the first parameter down and the second across.

    Where other parameters vary too, an entry is the mean over them. A published value (Table 8) stands in parentheses.
    """
    choices = [d for d in sweep.space.dimensions if isinstance(d, Choices)]
    found = records(sweep)
    return [
        table
        for down, across in itertools.combinations(choices, 2)
        for table in (_sensitivity(sweep, found, down, across, name) for name in (None, *_scores(found)))
        if table is not None
    ]


def _scores(found: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for record in found for name in record["scores"]))


def _sensitivity(
    sweep: Sweep, found: Sequence[Mapping[str, Any]], down: Choices, across: Choices, score: str | None
) -> PlainTable | None:
    """The table of one score, or of the objective (`score` None), which is left out where it is a score itself."""
    objective = sweep.objective
    if score is None and objective.score is not None:
        return None
    chosen_by = score is None or score == objective.score
    if score is None:
        title, maximise = objective_title(sweep), objective.maximise
    else:
        sheet = score_sheet(score)
        title, maximise = objective_title(sweep) if chosen_by else sheet.title, bool(sheet.higher_is_better)
    means: dict[tuple[int, int], float] = {}
    rows, shown = [], False
    for i, first in enumerate(down.labels):
        row = [_text(first)]
        for j, second in enumerate(across.labels):
            matching = [r for r in found if r["params"][down.name] == first and r["params"][across.name] == second]
            values = [value for r in matching if (value := _measured(r, score)) is not None]
            if values:
                means[i, j + 1] = summarise(values).mean
            published = _published(sweep, score, {down.name: first, across.name: second})
            shown = shown or published is not None
            own = f"{means[i, j + 1]:.4g}" if values else "/".join(sorted({r["state"] for r in matching})) or "not run"
            row.append(f"{own} (published {published:.3f})" if published is not None else own)
        rows.append(tuple(row))
    bold = frozenset([(max if maximise else min)(means, key=means.__getitem__)] if means and chosen_by else [])
    notes = (*_notes(sweep), *(["Published: Table 8 of the paper, protocol paper."] if shown else []))
    header = (f"{down.name} \\ {across.name}", *map(_text, across.labels))
    return PlainTable(f"{title} by {down.name} and {across.name}", header, tuple(rows), bold, notes)


def _measured(record: Mapping[str, Any], score: str | None) -> float | None:
    return record["value"] if score is None else record["scores"].get(score)


def objective_title(sweep: Sweep) -> str:
    """The objective's title, marked where it is a test score."""
    return f"{sweep.objective.title} (test score)" if sweep.objective.is_test else sweep.objective.title


def _notes(sweep: Sweep) -> tuple[str, ...]:
    spec, objective = sweep.spec, sweep.objective
    dataset = sweep.base.cells[0].dataset.title or spec.dataset
    seeds = f"{spec.seeds} training seed{'s' if spec.seeds > 1 else ''}"
    notes = [f"{dataset}, length {spec.length}, budget {spec.budget}, protocol {objective.protocol}, {seeds} a trial."]
    if spec.seeds == 1:
        notes.append("One training seed a trial: differences may be chance; repeat the best with --seeds 3.")
    if objective.is_test:
        notes.append(f"Chosen by a test score: {objective.title} of the best trial is too good to be reported.")
    elif objective.score:
        notes.append(
            "Chosen by the validation windows, so that this value of the best trial is too good to be reported; scores against "
            "the test windows, which chose nothing, are not."
        )
    if sweep.base.cells[0].budget.scores:
        notes.append(
            f"Budget {spec.budget} shortens the scores: its numbers test the program and compare with nothing."
        )
    return tuple(notes)


@lru_cache(maxsize=1)
def _table8() -> dict[tuple[str, str, int, str, str, str], float]:
    with (shipped("results/published") / "sensitivity.csv").open(encoding="utf-8", newline="") as file:
        return {
            (
                row["metric"],
                row["dataset"],
                int(row["length"]),
                row["method"],
                row["patch_nums"].replace(",", "-"),
                row["vocab_size"],
            ): float(row["value"])
            for row in csv.DictReader(file)
        }


def _published(sweep: Sweep, score: str | None, params: Mapping[str, Any]) -> float | None:
    """Table 8's value of a score for one ladder and vocabulary; it was measured under protocol paper."""
    if score is None or sweep.objective.protocol != "paper":
        return None
    cell = sweep.base.cells[0]
    place = (score, cell.dataset.id, cell.length, cell.generator)
    return _table8().get((*place, str(params.get("patch_nums")), str(params.get("vocab_size"))))


def _value(value: float | None, half_width: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if half_width is None else f"{value:.4g} ± {half_width:.2g}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _without_password(url: str) -> str:
    """A storage's address as it may be shown."""
    from sqlalchemy import make_url

    return make_url(url).render_as_string(hide_password=True)
