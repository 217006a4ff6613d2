"""The cells of an ablation: a generator, the same without each part, and the oracle, all of them ordinary cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args, get_origin

from benchmark.config.generators import generator_names, load_class, load_spec
from benchmark.config.suites import SuiteSpec
from benchmark.errors import UserError
from benchmark.plan.cell import Cell
from benchmark.plan.planner import Plan, make_plan
from benchmark.plan.request import Request
from benchmark.validation import parameter_model, parse

SCORES = ("context_fid", "spectral", "discriminative")
ALL = "all"


@dataclass(frozen=True)
class AblationSpec:
    """The parts to take out (or "all") of a generator, the data sets, the window length T, training seeds and budget."""

    drops: tuple[str, ...]
    generator: str = "timemar_s"
    datasets: tuple[str, ...] = ("stocks",)
    length: int = 24
    seeds: int = 3
    budget: str = "fast"


@dataclass(frozen=True)
class Ablation:
    """The plan of all cells; `base` are those of the whole generator, `without` those that lack a part, by part."""

    plan: Plan
    base: tuple[Cell, ...]
    without: Mapping[str, tuple[Cell, ...]]


def drop_choices(cls: type) -> tuple[str, ...]:
    """The parts that a generator can be built without: the literals in its parameter `drop`; empty where it has none."""
    field = parameter_model(cls).model_fields.get("drop")
    return tuple(dict.fromkeys(_literals(field.annotation))) if field else ()


def _literals(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
        return
    for inner in get_args(annotation):
        yield from _literals(inner)


def plan_ablation(spec: AblationSpec, request: Request) -> Ablation:
    """The cells of an ablation: the whole generator, without each part, and the oracle.

    Raises:
        UserError: A part, the generator or a data set does not exist.
    """
    generator = load_spec(spec.generator)
    drops = _drops(spec.drops, generator.name, drop_choices(load_class(generator)))

    def cells(name: str, seeds: int, params: Mapping[str, Any] | None = None) -> tuple[Cell, ...]:
        values = {
            "name": f"ablation-{generator.name}",
            "budget": spec.budget,
            "datasets": spec.datasets,
            "lengths": (spec.length,),
            "generators": (name,),
            "scores": SCORES,
            "seeds": seeds,
            "set": {load_spec(name).name: dict(params)} if params else {},
        }
        return make_plan(parse(SuiteSpec, values, owner="the ablation"), request).cells

    base = cells(spec.generator, spec.seeds)
    without: dict[str, tuple[Cell, ...]] = {}
    for drop in drops:
        # A suite's own preset is taken where there is one, so that what a suite has trained is not trained again.
        preset = f"{generator.name}_no_{drop}"
        part = cells(preset, spec.seeds) if preset in generator_names() else ()
        if not _differ_in_drop(base, part, drop):
            part = cells(spec.generator, spec.seeds, {"drop": [drop]})
        without[drop] = tuple(replace(cell, title=f"{base[0].title} without {drop}") for cell in part)
    # What a perfect generator scores tells which differences are noise; one seed of it is enough.
    oracle = cells("oracle", 1)
    every_cell = (*base, *(cell for part in without.values() for cell in part), *oracle)
    suite = SuiteSpec(
        name=f"ablation-{generator.name}", budget=spec.budget, datasets=spec.datasets, scores=SCORES, seeds=spec.seeds
    )
    return Ablation(Plan(suite, every_cell, SCORES), base, without)


def _differ_in_drop(base: Sequence[Cell], other: Sequence[Cell], drop: str) -> bool:
    """Whether cells are those of `base` with `drop` as the only difference."""
    return len(base) == len(other) and all(
        theirs.params == {**ours.params, "drop": (drop,)} for ours, theirs in zip(base, other, strict=True)
    )


def _drops(asked: Sequence[str], generator: str, choices: Sequence[str]) -> list[str]:
    if not choices:
        raise UserError(
            f"the generator '{generator}' has no parts to take out; choose one whose parameter 'drop' lists some, such as "
            "timemar_s."
        )
    for name in asked:
        if name not in (*choices, ALL):
            raise UserError(f"unknown part '{name}' in --drop; {generator} can drop {', '.join(choices)}, or {ALL}.")
    return list(choices) if ALL in asked else list(dict.fromkeys(asked))
