"""Every key that a YAML file may hold, from the models that validate the files."""

from __future__ import annotations

from pydantic import BaseModel

from benchmark.config.budgets import BudgetSpec
from benchmark.config.generators import GeneratorSpec, Overlay
from benchmark.config.needs import Needs
from benchmark.config.reference import Reference
from benchmark.config.suites import SuiteSpec, Variant
from benchmark.data.spec import DatasetSpec, Recipe
from site_pages import schema
from site_pages.markdown import literal, table

FILES: dict[str, tuple[str, tuple[type[BaseModel], ...]]] = {
    "Suites": ("configs/suites/", (SuiteSpec, Variant)),
    "Generators": ("configs/generators/", (GeneratorSpec, Overlay, Reference, Needs)),
    "Data sets": ("configs/datasets/", (DatasetSpec, Recipe)),
    "Budgets": ("configs/budgets/", (BudgetSpec,)),
}
SET_BY_PROGRAM = {
    SuiteSpec: ("name", "origin"),
    GeneratorSpec: ("name", "origin", "base"),
    DatasetSpec: ("folder",),
    BudgetSpec: ("name",),
}
"""Fields that the reader of a file fills in, from the file's name for example."""


def text() -> str:
    """Every key as Markdown.

    Raises:
        ValueError: A key has no description.
    """
    parts = []
    for title, (folder, models) in FILES.items():
        parts.append(f"## {title}\n\n`{folder}`, or a file of one's own.\n")
        parts += [_section(model, nested=index > 0) for index, model in enumerate(models)]
    return "\n".join(parts)


def _section(model: type[BaseModel], *, nested: bool) -> str:
    summary = (model.__doc__ or "").partition("\n\n")[0]
    allowed = schema.allowed_values(model)
    rows = []
    for name, field in model.model_fields.items():
        if name in SET_BY_PROGRAM.get(model, ()):
            continue
        if not field.description:
            raise ValueError(f"the key '{name}' of {model.__name__} has no description; give its Field one.")
        key = field.alias or name
        rows.append((literal(key), field.description, allowed[key], schema.default(field)))
    head = f"### {model.__name__}\n\n" if nested else ""
    return f"{head}{summary}\n\n{table(('key', 'meaning', 'allowed', 'default'), rows)}"
