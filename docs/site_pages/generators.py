"""The generators' pages: facts, sizes and parameters from the registry."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass

from benchmark.config.files import shipped_names
from benchmark.config.generators import GENERATORS, GeneratorSpec, load_class, resolve
from benchmark.data import DATASETS
from benchmark.interface import Generator
from benchmark.plan.sizes import count_parameters
from benchmark.validation import parameter_model
from site_pages import schema
from site_pages.markdown import link, literal, table, yaml_value

LENGTH = 24
"""The length T of the windows whose sizes are shown."""


@dataclass(frozen=True)
class Entry:
    """A generator with its class."""

    name: str
    spec: GeneratorSpec
    cls: type[Generator]


@dataclass(frozen=True)
class Facts:
    """What the registry knows of the generators of one page, as Markdown: where they come from, and everything else."""

    sources: str
    details: str


def entries() -> list[Entry]:
    """Every shipped generator but the ablations, which extend another one and have no source of their own."""
    specs = {name: GENERATORS.load(name) for name in shipped_names("configs/generators")}
    return [
        Entry(name, spec, load_class(spec)) for name, spec in specs.items() if not spec.extends or spec.reference.page
    ]


def overview() -> str:
    """All generators with links to the page of each, as Markdown."""
    found = entries()
    models = [entry for entry in found if not entry.cls.is_control]
    controls = [entry for entry in found if entry.cls.is_control]
    return "\n".join(
        [
            "## Models\n",
            table(
                ("name", "title", "method", "paper"),
                [(_linked(entry), entry.spec.title, entry.spec.summary, _paper(entry)) for entry in models],
            ),
            "## Controls\n",
            "Generators whose quality is known beforehand: they tell what a score is worth.\n",
            table(
                ("name", "title", "what it samples"),
                [(literal(e.name), e.spec.title, e.spec.summary.removeprefix("control: ")) for e in controls],
            ),
            f"## Sizes\n\nTrainable parameters on windows of {LENGTH} steps, budget `paper`.\n",
            sizes([entry for entry in found if any(_sizes(entry).values())]),
            *[f"## Parameters of {e.spec.title}\n\n{parameters(e)}" for e in controls if _has_parameters(e)],
        ]
    )


def facts_by_page() -> dict[str, Facts]:
    """By page beside the code (a path without suffix), the facts on the generators that it describes."""
    by_page: dict[str, list[Entry]] = {}
    for entry in entries():
        if entry.spec.reference.page:
            by_page.setdefault(entry.spec.reference.page.removesuffix(".md"), []).append(entry)
    return {page: Facts(_sources(found), _details(found)) for page, found in by_page.items()}


def _sources(found: list[Entry]) -> str:
    references = dict.fromkeys(entry.spec.reference for entry in found)
    return "\n\n".join(
        f"**Paper**: {link(reference.paper, reference.url)}.\n\n**Public code**: {_code(reference.code, reference.licence)}"
        for reference in references
    )


def _details(found: list[Entry]) -> str:
    rows = [
        ("name", *[literal(entry.name) for entry in found]),
        ("method", *[entry.spec.summary for entry in found]),
        ("class", *[literal(entry.spec.class_) for entry in found]),
    ]
    parts = ["## In the registry\n", table(("", *[entry.spec.title for entry in found]), rows)]
    parts += [f"**Trainable parameters** at T = {LENGTH}, budget `paper`:\n", sizes(found)]
    for entry in found:
        parts += [f"### Parameters of {entry.spec.title}\n", parameters(entry)]
    return "\n".join(parts)


def _code(address: str | None, licence: str) -> str:
    if address is None:
        return "none was available; written from the paper."
    return (
        f"<{address}>, {f'licence {licence}' if licence else 'licence not recorded'}; read for comparison, not copied."
    )


def sizes(found: list[Entry]) -> str:
    """A table of trainable parameters, a row a generator and a column a data set."""
    names = DATASETS.names()
    heads = ("", *[DATASETS.load(name).title for name in names])
    return table(heads, [(e.spec.title, *[f"{count:,}" for count in _sizes(e).values()]) for e in found])


def _sizes(entry: Entry) -> Mapping[str, int]:
    counts = {}
    for name in DATASETS.names():
        features = DATASETS.load(name).features or 1
        setting = {"dataset": name, "features": features, "length": LENGTH, "budget": "paper", "protocol": "paper"}
        generator = entry.cls(**resolve(entry.spec, setting, {}).params)
        counts[name] = count_parameters(generator, LENGTH, features, entry.name)
    return counts


def parameters(entry: Entry) -> str:
    """A table of constructor arguments: what is allowed, the value, and other values by overlay.

    Of a generator that extends another one, only those that its file changes.
    """
    model = parameter_model(entry.cls)
    allowed = schema.allowed_values(model)
    rows = []
    for name, field in model.model_fields.items():
        stated = yaml_value(entry.spec.params[name]) if name in entry.spec.params else schema.default(field)
        if entry.spec.extends and not _states(entry.spec, name):
            continue
        changed = [overlay for overlay in entry.spec.overlays if name in overlay.params]
        where = "; ".join(
            f"{yaml_value(overlay.params[name])} when "
            + ", ".join(f"{key} {_values(value)}" for key, value in overlay.when.items())
            for overlay in changed
        )
        rows.append((literal(name), allowed[name], stated, where))
    return table(("parameter", "allowed", "value", "elsewhere"), rows)


def _states(spec: GeneratorSpec, name: str) -> bool:
    return any(name in params for params in (spec.params, *[overlay.params for overlay in spec.overlays]))


def _values(value: object) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)


def _has_parameters(entry: Entry) -> bool:
    return bool(inspect.signature(entry.cls).parameters)


def _linked(entry: Entry) -> str:
    page = entry.spec.reference.page
    return link(literal(entry.name), f"../{page}" if page else None)


def _paper(entry: Entry) -> str:
    return link(entry.spec.reference.paper, entry.spec.reference.url)
