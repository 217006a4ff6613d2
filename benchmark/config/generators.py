"""Generators by name: shipped ones, installed plug-ins, and a user's own YAML file, `module:Class` or `./file.py:Class`."""

from __future__ import annotations

import importlib
import inspect
import logging
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from benchmark.config.files import beside, is_yaml, read_yaml, shipped, shipped_names
from benchmark.config.needs import Needs
from benchmark.config.reference import Reference
from benchmark.config.registry import Registry
from benchmark.errors import UserError, kind_and_line, one_line, unknown
from benchmark.imports import is_file_module, module_name, shadowed
from benchmark.interface import Generator
from benchmark.validation import FolderName, Frozen, parse, validate_parameters

ENTRY_POINTS = "timemar_bench.generators"
LEAST = {"min_length": ("length",), "min_features": ("features",), "min_elements": ("length", "features")}
"""Lower bounds that a condition may set: on T, on D and on T D, the numbers in a window."""
REMEDY = {"module": "install it or correct 'class'", "file": "correct it, or install what it imports"}
"""What to do where a generator's module or file cannot be imported."""
CONDITIONS = ("dataset", "length", "budget", "protocol", *LEAST)


class Overlay(Frozen):
    """Parameters that hold only in some cells: `when` maps a cell's field to a value, to alternatives or to a lower bound."""

    when: dict[str, Any] = Field(
        description=f"Conditions on a cell, of which all must hold: {', '.join(CONDITIONS)}, each with a value, a list of values "
        "or, after min_, a lower bound."
    )
    params: dict[str, Any] = Field(description="Constructor arguments in such cells.")

    @field_validator("when")
    @classmethod
    def _known_conditions(cls, when: dict[str, Any]) -> dict[str, Any]:
        for key in when:
            if key not in CONDITIONS:
                raise ValueError(f"a condition must be one of {', '.join(CONDITIONS)}")
            if key in LEAST and not isinstance(when[key], int):
                raise ValueError(f"{key} must be a whole number")
        return when

    def applies(self, setting: Mapping[str, object]) -> bool:
        """Whether every condition holds for a cell's setting."""
        return all(_holds(key, value, setting) for key, value in self.when.items())


def _holds(key: str, value: Any, setting: Mapping[str, object]) -> bool:
    if key in LEAST:
        return math.prod(int(str(setting[name])) for name in LEAST[key]) >= int(value)
    return setting[key] in (value if isinstance(value, list) else [value])


class GeneratorSpec(Frozen):
    """One generator as its YAML file says: which class, with which parameters, where.

    `needs` is what its cells need of a machine. With `extends` it is another generator (`base`) with what its own parameters and
    overlays change.
    """

    name: FolderName = Field(description="The generator's name; by default that of its YAML file.")
    class_: str = Field(
        alias="class",
        pattern=r"^([\w.]+|.+\.py):\w+$",
        description="The generator's class as module:Class or file.py:Class.",
    )
    title: str = Field(default="", description="The name in tables and figures; by default the generator's name.")
    summary: str = Field(default="", description="One line on what the generator is.")
    params: dict[str, Any] = Field(
        default_factory=dict, description="Constructor arguments; those left out have the class's own defaults."
    )
    overlays: tuple[Overlay, ...] = Field(
        default=(),
        description="Constructor arguments that hold in some cells alone; later overlays have the last word.",
    )
    origin: str = Field(default="", description="The generator's file; the program sets it.")
    extends: str | None = Field(
        default=None, description="Another generator, by name or YAML file, of which this file states what differs."
    )
    base: GeneratorSpec | None = Field(
        default=None, description="The generator that `extends` names; the program sets it."
    )
    reference: Reference = Field(default=Reference(), description="Where the method comes from.")
    needs: Needs = Field(
        default=Needs(), description="What training asks of a machine: `gpu` and `memory`, for plans of a batch system."
    )

    def layers(self, setting: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Where parameters come from and which, in a cell at `setting`; later layers have the last word."""
        if self.base is not None:
            yield from self.base.layers(setting)
        yield self.origin, self.params
        for overlay in self.overlays:
            if overlay.applies(setting):
                condition = ", ".join(f"{key}={value}" for key, value in overlay.when.items())
                yield f"{self.origin}, when {condition}", overlay.params


@dataclass(frozen=True)
class Resolved:
    """Constructor arguments of one generator in one cell, and where each came from."""

    params: dict[str, Any]
    sources: dict[str, str]


def generator_names() -> list[str]:
    """Every generator that can be named without a path: shipped ones, then plug-ins."""
    shipped_ones = shipped_names("configs/generators")
    return shipped_ones + sorted(set(_plugins()) - set(shipped_ones))


def loadable_names() -> list[str]:
    """Every generator's name but those of plug-ins that cannot be loaded: they are warned about, and the others go on."""
    ours = shipped_names("configs/generators")
    return ours + [name for name in generator_names()[len(ours) :] if _loads(name)]


def main_generator_names() -> list[str]:
    """Every generator but those that extend another: an ablation is no model of its own."""
    return [name for name in loadable_names() if load_spec(name).extends is None]


def load_spec(name: str) -> GeneratorSpec:
    """A generator by shipped name, plug-in name, `module:Class`, `./file.py:Class` or YAML path; raises UserError."""
    if name in shipped_names("configs/generators"):
        return _from_yaml(name, shipped("configs/generators") / f"{name}.yaml", f"configs/generators/{name}.yaml")
    if is_yaml(name):
        return _from_yaml(Path(name).stem, Path(name), name)
    if ":" in name:
        return _from_class(name)
    if is_file_module(name):
        raise UserError(f"'{name}' is a file without a class; write '{name}:MyGenerator' with the name of its class.")
    if name in _plugins():
        return _from_plugin(_plugins()[name])
    raise unknown("generator", name, generator_names())


def short_name(text: str) -> str:
    """The name under which tables, `--only` and `--set` know a generator that is given by its class, its file or its name."""
    return load_spec(text).name if ":" in text or is_yaml(text) else text


SHIPPED_PACKAGES = ("baselines.", "timemar.")
"""Where the shipped generators' classes are."""
GENERATORS = Registry("generator", loadable_names, load_spec, line=lambda spec: spec.summary)
"""The shipped generators, then the plug-ins that can be loaded."""


def load_class(spec: GeneratorSpec) -> type[Generator]:
    """The class a specification names; raises UserError where it cannot be imported or is no Generator."""
    place, _, attribute = spec.class_.rpartition(":")
    what = "file" if is_file_module(place) else "module"
    try:
        module = module_name(place)
    except UserError as error:
        raise UserError(f"generator '{spec.name}': {error}") from None
    try:
        holder = importlib.import_module(module)
    except (Exception, SystemExit) as error:  # somebody else's code runs here, and may raise anything
        said = one_line(error) if isinstance(error, ImportError) else kind_and_line(error)
        raise UserError(
            f"generator '{spec.name}': the {what} '{place}' cannot be imported ({said}); {REMEDY[what]}."
        ) from None
    found = getattr(holder, attribute, None)
    if found is None and (reason := shadowed(module)):
        raise UserError(f"generator '{spec.name}': {reason}.")
    if found is None:
        raise UserError(f"generator '{spec.name}': '{place}' has no '{attribute}'; correct the name of the class.")
    if not (inspect.isclass(found) and issubclass(found, Generator)):
        raise UserError(f"generator '{spec.name}': '{spec.class_}' is no subclass of benchmark.interface.Generator.")
    if inspect.isabstract(found):
        lacking = ", ".join(sorted(found.__abstractmethods__))
        raise UserError(f"generator '{spec.name}': '{spec.class_}' has no {lacking}; write what is missing.")
    if not isinstance(found.version, int):
        raise UserError(
            f"generator '{spec.name}': '{spec.class_}' has the version {found.version!r}; a version is a whole number."
        )
    return found


def resolve(spec: GeneratorSpec, setting: Mapping[str, object], overrides: Mapping[str, Any]) -> Resolved:
    """The constructor arguments in a cell at `setting` (dataset, features, length, budget, protocol); raises UserError."""
    cls = load_class(spec)
    given: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source, values in (*spec.layers(setting), ("--set", overrides)):
        given.update(values)
        sources.update(dict.fromkeys(values, source))
    params = validate_parameters(cls, given, owner=f"generator '{spec.name}'")
    return Resolved(params, {name: sources.get(name, f"default of {cls.__name__}") for name in params})


def _from_yaml(name: str, path: Path, origin: str) -> GeneratorSpec:
    read = read_yaml(path)
    values = {"name": name, "title": name, "origin": origin, **_inherited(name, path, read), **read}
    if isinstance(read.get("class"), str):
        values["class"] = beside(path, read["class"])
    return parse(GeneratorSpec, values, owner=f"generator '{name}'")


def _inherited(name: str, path: Path, read: Mapping[str, Any]) -> dict[str, Any]:
    """What a file with `extends` takes from the generator it names; raises UserError where that one extends another."""
    if read.get("extends") is None:
        return {}
    parent = str(read["extends"])
    folder = path.parent if is_yaml(parent) else shipped("configs/generators")
    file = folder / (parent if is_yaml(parent) else f"{parent}.yaml")
    # Looked up before the parent is loaded, so that two files that extend each other end here.
    if file.is_file() and "extends" in read_yaml(file):
        raise UserError(f"generator '{name}' extends '{parent}', which extends another one itself; extend that one.")
    base = load_spec(str(file) if is_yaml(parent) else parent)
    return {"class": base.class_, "base": base, "needs": base.needs}


def spec_of_class(cls: type[Generator]) -> GeneratorSpec:
    """The specification of a class without a configuration of its own; raises UserError where it is no Generator."""
    if not (inspect.isclass(cls) and issubclass(cls, Generator)):
        raise UserError(f"{cls!r} is no subclass of benchmark.interface.Generator; pass such a class, or a name.")
    return _from_class(f"{cls.__module__}:{cls.__qualname__}")


def _from_class(reference: str) -> GeneratorSpec:
    attribute = reference.rpartition(":")[2]
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", attribute).lower()
    title = attribute
    if name in shipped_names("configs/generators") and not reference.startswith(SHIPPED_PACKAGES):
        # Else a table would average it with the shipped one, and a control of that name would be its floor.
        name, title = f"own_{name}", f"{attribute} (own)"
    values = {"name": name, "class": reference, "title": title, "origin": reference}
    return parse(GeneratorSpec, values, owner=f"generator '{reference}'")


def _plugins() -> dict[str, EntryPoint]:
    """Installed entry points by name; a name claimed twice is refused with both origins."""
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=ENTRY_POINTS):
        other = found.setdefault(entry.name, entry)
        if other.value != entry.value:
            raise UserError(
                f"the generator name '{entry.name}' is claimed by {_origin(other)} and by {_origin(entry)}; uninstall one."
            )
    return found


def _from_plugin(entry: EntryPoint) -> GeneratorSpec:
    values = {"name": entry.name, "class": entry.value, "title": entry.name, "origin": _origin(entry)}
    spec = parse(GeneratorSpec, values, owner=f"plug-in '{entry.name}'")
    lines = (inspect.getdoc(load_class(spec)) or "").splitlines()
    return spec.model_copy(update={"summary": lines[0] if lines else ""})


def _loads(name: str) -> bool:
    """Whether a plug-in can be loaded; where it cannot, a warning says why."""
    try:
        load_spec(name)
    except UserError as error:
        _warn(one_line(error))
        return False
    return True


@lru_cache(maxsize=256)
def _warn(sentence: str) -> None:
    """Warn once a process; a logger that nobody has set up writes the bare line to standard error."""
    logging.getLogger(__name__).warning("warning: left out: %s", sentence)


def _origin(entry: EntryPoint) -> str:
    return f"{entry.dist.name if entry.dist else 'a plug-in'} ({entry.value})"
