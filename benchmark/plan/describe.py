"""What is configured and where it came from, as plain records and as text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.config.budgets import BUDGETS
from benchmark.config.generators import GENERATORS, short_name
from benchmark.config.suites import SUITES, SuiteSpec, of_one
from benchmark.data import DATASETS
from benchmark.plan.cell import Cell
from benchmark.plan.keys import SCORES
from benchmark.plan.planner import Plan, make_plan
from benchmark.plan.request import Request
from benchmark.validation import Frozen, parse


def catalogue() -> dict[str, dict[str, str]]:
    """Generators, data sets, scores, suites and budgets with a line each."""
    return {
        "generators": GENERATORS.summaries(),
        "datasets": DATASETS.summaries(),
        "scores": SCORES.summaries(),
        "suites": SUITES.summaries(),
        "budgets": BUDGETS.summaries(),
    }


def description(generator: str, dataset: str, length: int, budget: str, assignments: tuple[str, ...]) -> dict[str, Any]:
    """One generator's resolved parameters with their sources, and its trainable parameters by part; raises UserError."""
    values = {
        "name": "describe",
        "datasets": [dataset],
        "lengths": [length],
        "generators": [generator],
        "budget": budget,
    }
    suite = parse(SuiteSpec, values, owner="what to describe")
    cell = make_plan(suite, Request(assignments=tuple(of_one(short_name(generator), assignments)))).cells[0]
    parts = dict(cell_parts(cell))
    return {
        "generator": cell.generator,
        "title": cell.title,
        "class": cell.class_path,
        "dataset": cell.dataset.id,
        "length": cell.length,
        "budget": cell.budget.name,
        "parameters": {"total": sum(parts.values()), "parts": parts},
        "params": {name: {"value": _plain(value), "source": cell.sources[name]} for name, value in cell.params.items()},
    }


def cell_parts(cell: Cell) -> Mapping[str, int]:
    """Trainable parameters by part of a cell's generator, without fitting it."""
    return cell.generator_class(**cell.params).parameter_counts(cell.length, cell.features)


def description_text(record: Mapping[str, Any]) -> str:
    """A description as lines."""
    sizes = record["parameters"]
    lines = [
        f"{record['title']} ({record['class']})",
        f"on {record['dataset']} at length {record['length']}, budget {record['budget']}",
        f"trainable parameters: {sizes['total']:,}",
        *[f"  {part}: {count:,}" for part, count in sizes["parts"].items()],
        "parameters:",
        *[f"  {name}: {entry['value']}  # {entry['source']}" for name, entry in record["params"].items()],
    ]
    return "\n".join(lines)


def configuration(plan: Plan) -> dict[str, Any]:
    """A plan's whole resolved tree: each value beside its source."""
    suite = {
        name: {"value": _plain(getattr(plan.suite, name)), "source": source}
        for name, source in plan.sources.items()
        if name not in ("name", "origin", "set")
    }
    budget = BUDGETS.load(plan.suite.budget)
    cells = {
        cell.slug: {name: {"value": _plain(value), "source": cell.sources[name]} for name, value in cell.params.items()}
        for cell in plan.cells
    }
    origin = f"configs/budgets/{budget.name}.yaml"
    settings = {name: {"value": _plain(value), "source": origin} for name, value in budget.model_dump().items()}
    return {"suite": {"name": plan.suite.name, **suite}, "budget": settings, "cells": cells}


def configuration_text(tree: Mapping[str, Any], indent: int = 0) -> str:
    """A configuration tree as YAML whose comments name the sources."""
    lines = []
    for key, value in tree.items():
        head = f"{'  ' * indent}{key}:"
        if isinstance(value, Mapping) and set(value) == {"value", "source"}:
            lines.append(f"{head} {_inline(value['value'])}  # {value['source']}")
        elif isinstance(value, Mapping):
            lines += [f"{head}" + ("" if value else " {}")]
            if value:
                lines.append(configuration_text(value, indent + 1))
        else:
            lines.append(f"{head} {_inline(value)}")
    return "\n".join(lines)


def _inline(value: object) -> str:
    import yaml

    return yaml.safe_dump(value, default_flow_style=True, width=10**6).removesuffix("\n").removesuffix("...").strip()


def _plain(value: Any) -> Any:
    """Tuples as lists, models as mappings and paths as text, so that JSON and YAML can hold them."""
    if isinstance(value, Frozen):
        return _plain(value.model_dump())
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, Path) else value
