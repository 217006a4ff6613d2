"""Suites: which cells make a table. One YAML file each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from benchmark.config.files import beside, is_yaml, read_yaml, shipped, shipped_names
from benchmark.config.generators import short_name
from benchmark.config.registry import Registry
from benchmark.errors import UserError
from benchmark.protocols import Protocol
from benchmark.validation import FolderName, Frozen, parse

FOLDER = "configs/suites"
MOST_SEEDS = 1000
MOST_SAMPLING_SEEDS = 100
PUBLISHED_SCORES = ("discriminative", "predictive", "context_fid", "dcr_ratio")


def plain_text(value: object) -> str:
    """A parameter's value in a name or title: a list as 1-2-3-6."""
    return "-".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def parameters_text(params: Mapping[str, object]) -> str:
    """Parameters in a variant's name: `name=value,name=value`."""
    return ",".join(f"{name}={plain_text(value)}" for name, value in params.items())


class Variant(Frozen):
    """One setting of a generator: a row of its own in the suite's table, and the same cell as `--set` would make."""

    generator: str = Field(description="The generator's name, its YAML file or module:Class.")
    params: dict[str, Any] = Field(min_length=1, description="Parameters of the generator that differ from its own.")
    name: str = Field(default="", description="The variant's name in the table; by default its parameters.")

    @property
    def label(self) -> str:
        """The variant's name; its parameters as `name=value` where none is given, patch numbers as 1-2-3-6."""
        return self.name or parameters_text(self.params)


class SuiteSpec(Frozen):
    """One suite as its YAML file says; the command line may override the fields of the same names.

    A generator is trained `seeds` times; each fitted model draws `sampling_seeds` sets of samples, and every repetition of a
    score judges each of them. Paths are relative to the suite's file.
    """

    name: FolderName = Field(description="The suite's name; by default that of its YAML file.")
    title: str = Field(default="", description="The heading of the suite's table.")
    summary: str = Field(default="", description="One line on what the suite compares.")
    budget: str = Field(default="fast", description="How much training a cell gets: smoke, quick, fast or paper.")
    protocol: Protocol = Field(
        default="paper",
        description="paper trains and tests on all windows; strict keeps training and test windows apart.",
    )
    datasets: tuple[str, ...] = Field(
        default=(), description="Data sets by name, or data files and their YAML files, relative to the suite's file."
    )
    lengths: tuple[int, ...] = Field(default=(24,), min_length=1, description="The numbers of time steps of a window.")
    generators: tuple[str, ...] | Literal["all"] = Field(
        default="all",
        description="Generators by name, as YAML files relative to the suite's file, or as module:Class; all takes every one "
        "that is known.",
    )
    scores: tuple[str, ...] = Field(
        default=PUBLISHED_SCORES, min_length=1, description="The scores that every draw of samples gets."
    )
    seeds: int = Field(default=1, ge=1, le=MOST_SEEDS, description="How often each generator is trained.")
    sampling_seeds: int = Field(
        default=1,
        ge=1,
        le=MOST_SAMPLING_SEEDS,
        description="The number of sets of samples that each fitted model draws; with suites that it includes, the largest.",
    )
    time_limit_minutes: float | None = Field(
        default=None, gt=0, description="The minutes that a cell may take; by default those of the budget."
    )
    set: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="By generator, parameters that differ from its own, as --set gives them."
    )
    variants: tuple[Variant, ...] = Field(
        default=(), description="Settings of generators that have a row of their own in the table."
    )
    include: tuple[str, ...] = Field(
        default=(),
        description="Suites whose cells stand beside this one's, by name or as YAML files relative to this file.",
    )
    layout: Literal["methods", "differences", "grid"] = Field(
        default="methods",
        description="How the table stands: methods (score by generator), differences (each generator against the first) or grid "
        "(two parameters of the variants against each other).",
    )
    origin: str = Field(default="", description="The suite's file; the program sets it.")

    @field_validator("lengths")
    @classmethod
    def _positive(cls, lengths: tuple[int, ...]) -> tuple[int, ...]:
        if min(lengths) < 2:
            raise ValueError("a window has at least 2 time steps")
        return lengths


def load_suite(suite: str | Mapping[str, Any]) -> SuiteSpec:
    """A suite by shipped name, by YAML path, or as the mapping that such a file holds; raises UserError."""
    if not isinstance(suite, str):
        return _parse(str(suite.get("name", "own")), suite, "a mapping")
    if is_yaml(suite):
        return _with_paths(_read(Path(suite).stem, Path(suite), suite), Path(suite))
    return SUITES.load(suite)


def parse_assignments(texts: list[str]) -> dict[str, dict[str, Any]]:
    """`generator.param=value` texts as {generator: {param: value}}, values read as YAML; raises UserError."""
    import yaml

    from benchmark.config.files import parse_yaml

    found: dict[str, dict[str, Any]] = {}
    for text in texts:
        target, equals, value = text.partition("=")
        generator, dot, param = target.rpartition(".")
        if not (equals and dot and generator and param):
            raise UserError(f"--set '{text}' is not understood; write generator.param=value.")
        try:
            found.setdefault(short_name(generator), {})[param] = parse_yaml(value)
        except (yaml.YAMLError, ValueError):
            raise UserError(f"--set '{text}': the value '{value}' is not valid YAML; correct it.") from None
    return found


def of_one(generator: str, texts: Sequence[str]) -> list[str]:
    """`param=value` texts, where one generator is meant, as `generator.param=value`; its own name before a text is allowed.

    Raises:
        UserError: A text names another generator, or is no assignment.
    """
    found = []
    for text in texts:
        target, equals, value = text.partition("=")
        owner, _, param = target.rpartition(".")
        if not (equals and param.isidentifier()):
            raise UserError(f"--set '{text}' is not understood; write name=value, such as width=8.")
        if owner and short_name(owner) != generator:
            raise UserError(
                f"--set '{text}' names '{owner}', but the generator is '{generator}'; write {param}={value}."
            )
        found.append(f"{generator}.{param}={value}")
    return found


def _read(name: str, path: Path, origin: str) -> SuiteSpec:
    return _parse(name, read_yaml(path), origin)


def _parse(name: str, values: Mapping[str, Any], origin: str) -> SuiteSpec:
    suite = parse(SuiteSpec, {"name": name, "origin": origin, **values}, owner=f"suite '{name}'")
    if not (suite.datasets or suite.include):
        raise UserError(f"suite '{name}' lacks the key 'datasets'; add it, or include other suites.")
    return suite


def _with_paths(suite: SuiteSpec, file: Path) -> SuiteSpec:
    """A suite whose paths no longer depend on where its file lies."""
    changes: dict[str, Any] = {
        "datasets": tuple(beside(file, name) for name in suite.datasets),
        "include": tuple(beside(file, name) for name in suite.include),
        "variants": tuple(
            variant.model_copy(update={"generator": beside(file, variant.generator)}) for variant in suite.variants
        ),
    }
    if suite.generators != "all":
        changes["generators"] = tuple(beside(file, name) for name in suite.generators)
    return suite.model_copy(update={name: value for name, value in changes.items() if value != getattr(suite, name)})


def _read_shipped(name: str) -> SuiteSpec:
    return _read(name, shipped(FOLDER) / f"{name}.yaml", f"{FOLDER}/{name}.yaml")


SUITES = Registry("suite", partial(shipped_names, FOLDER), _read_shipped, line=lambda suite: suite.summary)
"""The shipped suites."""
