"""What a sweep found, as records and tables: its trials, and the objective over pairs of parameters (as Table 8 of the paper)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from benchmark.config.budgets import shortened_scores
from benchmark.config.suites import parameters_text
from benchmark.plan.keys import score_info
from benchmark.report.layouts import ARROWS
from benchmark.report.published import published_scores
from benchmark.report.text_table import Text, TextTable, text_lines
from benchmark.statistics import summarise
from benchmark.store.sqlite import without_password
from benchmark.sweep.loop import Sweep
from benchmark.sweep.space import Choices
from benchmark.sweep.study import INDEX, OWNER, SharedStudy

STATES = {"COMPLETE": "done", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running", "WAITING": "waiting"}

Record = Mapping[str, Any]


def trial_records(sweep: Sweep, study: SharedStudy) -> list[Record]:
    """One record a trial with stable keys, by index."""
    return [_record(sweep, trial) for trial in study.trials()]


def _record(sweep: Sweep, trial: FrozenTrial) -> Record:
    kept = trial.user_attrs
    state = STATES[trial.state.name]
    is_done = state == "done"
    return {
        "trial": kept[INDEX],
        "state": state,
        "reason": f"on {kept.get(OWNER) or 'another machine'}" if state == "running" else kept.get("reason", ""),
        "params": {d.name: trial.params.get(d.name) for d in sweep.space.dimensions},
        "value": trial.value if is_done else None,
        "half_width": kept.get("half_width") if is_done else None,
        "scores": kept.get("scores", {}),
        "parameters": kept.get("parameters"),
        "fit_seconds": kept.get("fit_seconds"),
        "cells": kept.get("cells", []),
    }


def best_trial(sweep: Sweep, trials: Sequence[Record]) -> Record | None:
    """The finished trial with the best objective; None where none is finished."""
    done = [trial for trial in trials if trial["value"] is not None]
    return (max if sweep.objective.maximise else min)(done, key=lambda trial: trial["value"], default=None)


def summary(
    sweep: Sweep, trials: Sequence[Record], test_scores: Mapping[str, Any], storage: str, files: Sequence[Path]
) -> dict[str, Any]:
    """The whole result with stable keys; `storage` is shown without its password."""
    spec, objective = sweep.spec, sweep.objective
    best = best_trial(sweep, trials)
    return {
        "study": spec.name,
        "storage": without_password(storage),
        "generator": sweep.base.cells[0].generator,
        "dataset": spec.dataset,
        "length": spec.length,
        "budget": spec.budget,
        "protocol": objective.protocol,
        "objective": objective.name,
        "test_objective": objective.is_test,
        "direction": "maximize" if objective.maximise else "minimize",
        "trials": list(trials),
        "best": None if best is None else {**best, "settings": _settings(sweep, best), "test_scores": test_scores},
        "files": [str(path) for path in files],
    }


def _settings(sweep: Sweep, trial: Record) -> dict[str, Any]:
    """A trial's parameters as the generator takes them."""
    values = sweep.space.values(trial["params"])
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def trials_table(sweep: Sweep, trials: Sequence[Record]) -> TextTable:
    """A row a trial, the best first."""
    sign = -1 if sweep.objective.maximise else 1
    ordered = sorted(trials, key=lambda r: (r["value"] is None, sign * (r["value"] or 0.0), r["trial"]))
    names = [dimension.name for dimension in sweep.space.dimensions]
    scores = sweep.spec.scores if sweep.objective.is_test else ()
    also = [name for name in scores if name != sweep.objective.score]
    objective = f"{objective_title(sweep)} {ARROWS[sweep.objective.maximise]}"
    header = ("trial", *names, objective, *also, "parameters", "fit s", "state")
    rows = [
        (
            str(r["trial"]),
            *(_text(r["params"][name]) for name in names),
            Text(
                _text(r["value"]) + ("" if r["half_width"] is None else f" ± {r['half_width']:.2g}"),
                "bold" if r is ordered[0] and r["value"] is not None else "",
            ),
            *(_text(r["scores"].get(name)) for name in also),
            _text(r["parameters"]),
            _text(r["fit_seconds"]),
            f"{r['state']}: {r['reason']}" if r["reason"] else r["state"],
        )
        for r in ordered
    ]
    spread = " ± is the half-width of a 95 % t-interval." if any(r["half_width"] is not None for r in ordered) else ""
    return TextTable(
        f"Trials of {sweep.spec.name}",
        header,
        text_lines(rows),
        caption=f"{setting(sweep)}{spread}",
        notes=_notes(sweep),
    )


def sensitivity_tables(sweep: Sweep, trials: Sequence[Record]) -> list[TextTable]:
    """For each pair of listed parameters the objective and every other score, the first parameter down and the second across.

    Where other parameters vary too, an entry is the mean over them. A published value (Table 8) stands in parentheses.
    """
    choices = [d for d in sweep.space.dimensions if isinstance(d, Choices)]
    scores = dict.fromkeys(name for trial in trials for name in trial["scores"] if name != sweep.objective.score)
    return [
        _sensitivity(sweep, trials, down, across, score)
        for down, across in itertools.combinations(choices, 2)
        for score in (None, *scores)
    ]


def _sensitivity(
    sweep: Sweep, trials: Sequence[Record], down: Choices, across: Choices, score: str | None
) -> TextTable:
    """The table of one score, or of the objective (`score` None), whose best entry is bold."""
    means: dict[tuple[int, int], float] = {}
    texts: list[list[Text]] = []
    for i, first in enumerate(down.labels):
        texts.append([Text(_text(first))])
        for j, second in enumerate(across.labels):
            here = [r for r in trials if r["params"][down.name] == first and r["params"][across.name] == second]
            values = [r["scores"].get(score) if score else r["value"] for r in here]
            if known := [value for value in values if value is not None]:
                means[i, j + 1] = summarise(known).mean
            own = _text(means.get((i, j + 1))) or "/".join(sorted({r["state"] for r in here})) or "not run"
            published = _published(sweep, score or sweep.objective.score, {down.name: first, across.name: second})
            texts[i].append(Text(own, published="" if published is None else f"{published:.3f}"))
    best = (max if sweep.objective.maximise else min)(means, key=means.__getitem__, default=None)
    if best is not None and not score:
        row, column = best
        texts[row][column] = replace(texts[row][column], mark="bold")
    any_published = any(text.published for row in texts for text in row)
    caption = setting(sweep) + (" Published: Table 8 of the paper, protocol paper." if any_published else "")
    title = score_info(score).title if score else objective_title(sweep)
    header = (f"{down.name} \\ {across.name}", *map(_text, across.labels))
    return TextTable(
        f"{title} by {down.name} and {across.name}", header, text_lines(texts), caption=caption, notes=_notes(sweep)
    )


def objective_title(sweep: Sweep) -> str:
    """The objective's title, marked where it is a test score."""
    return f"{sweep.objective.title} (test score)" if sweep.objective.is_test else sweep.objective.title


def setting(sweep: Sweep) -> str:
    """On which data, with which budget, protocol and training seeds the trials are run, as a sentence."""
    spec, cell = sweep.spec, sweep.base.cells[0]
    seeds = f"{spec.seeds} training seed{'s' if spec.seeds > 1 else ''}"
    return (
        f"{cell.dataset.title or spec.dataset}, length {spec.length}, budget {spec.budget}, protocol "
        f"{sweep.objective.protocol}, {seeds} a trial."
    )


def _notes(sweep: Sweep) -> tuple[str, ...]:
    spec, objective, cell = sweep.spec, sweep.objective, sweep.base.cells[0]
    notes = []
    if spec.seeds == 1:
        notes.append("One training seed a trial: differences may be chance; repeat the best with --seeds 3.")
    if objective.is_test:
        notes.append(f"Chosen by a test score: {objective.title} of the best trial is too good to be reported.")
    elif objective.score:
        notes.append(
            "Chosen by the validation windows, so that this value of the best trial is too good to be reported; its scores "
            "against the test windows, which chose nothing, may be."
        )
    if cell.budget.scores:
        notes.append(shortened_scores(spec.budget))
    return tuple(notes)


def _published(sweep: Sweep, score: str | None, params: Record) -> float | None:
    """Table 8's value of a score for scales and a vocabulary size, measured under protocol paper; None where there is none.

    Trials that differ in further parameters, or alter them, are of other generators than the paper's.
    """
    cell = sweep.base.cells[0]
    further = {dimension.name for dimension in sweep.space.dimensions} - params.keys()
    if score is None or sweep.objective.protocol != "paper" or further or cell.altered:
        return None
    variant = parameters_text({name: params.get(name) for name in ("patch_nums", "vocab_size")})
    found = published_scores().get((score, cell.dataset.id, cell.length, f"{cell.generator}/{variant}"))
    return found.value if found else None


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
