"""Suites: which cells make a table. One YAML file each."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from benchmark.config.files import read_yaml, shipped, shipped_names
from benchmark.config.generators import short_name
from benchmark.config.registry import Registry
from benchmark.errors import UserError
from benchmark.validation import Frozen, parse

FOLDER = "configs/suites"
MOST_SEEDS = 1000
MOST_SAMPLING_SEEDS = 100
PUBLISHED_SCORES = ("discriminative", "predictive", "context_fid", "dcr_ratio")


class Variant(Frozen):
    """One setting of a generator: a row of its own in the suite's table, and the same cell as `--set` would make."""

    generator: str
    params: dict[str, Any] = Field(min_length=1)
    name: str = ""

    @property
    def label(self) -> str:
        """The variant's name; its parameters as `name=value` where none is given, patch numbers as 1-2-3-6."""
        shown = {
            key: "-".join(map(str, value)) if isinstance(value, list) else str(value)
            for key, value in self.params.items()
        }
        return self.name or ",".join(f"{key}={value}" for key, value in shown.items())


class SuiteSpec(Frozen):
    """One suite as its YAML file says; the command line may override the fields of the same names.

    `layout` is how its table stands: "methods" (score by generator), "differences" (each generator against the first) or "grid"
    (two parameters of the variants against each other). A generator is trained `seeds` times; each fitted model draws
    `sampling_seeds` sets of samples, and every repetition of a score judges each of them. A suite that includes others has their
    cells beside its own.
    """

    name: str
    title: str = ""
    summary: str = ""
    budget: str = "fast"
    protocol: Literal["paper", "strict"] = "paper"
    datasets: tuple[str, ...] = ()
    lengths: tuple[int, ...] = Field(default=(24,), min_length=1)
    generators: tuple[str, ...] | Literal["all"] = "all"
    scores: tuple[str, ...] = Field(default=PUBLISHED_SCORES, min_length=1)
    seeds: int = Field(default=1, ge=1, le=MOST_SEEDS)
    sampling_seeds: int = Field(default=1, ge=1, le=MOST_SAMPLING_SEEDS)
    time_limit_minutes: float | None = Field(default=None, gt=0)
    set: dict[str, Any] = Field(default_factory=dict)
    variants: tuple[Variant, ...] = ()
    include: tuple[str, ...] = ()
    layout: Literal["methods", "differences", "grid"] = "methods"
    origin: str = ""

    @field_validator("lengths")
    @classmethod
    def _positive(cls, lengths: tuple[int, ...]) -> tuple[int, ...]:
        if min(lengths) < 2:
            raise ValueError("a window has at least 2 time steps")
        return lengths


def load_suite(name: str) -> SuiteSpec:
    """A suite by shipped name or YAML path; raises UserError."""
    if name.endswith((".yaml", ".yml")):
        return _read(Path(name).stem, Path(name), name)
    return SUITES.load(name)


def parse_assignments(texts: list[str]) -> dict[str, dict[str, Any]]:
    """`generator.param=value` texts as {generator: {param: value}}, values read as YAML; raises UserError."""
    import yaml

    found: dict[str, dict[str, Any]] = {}
    for text in texts:
        target, equals, value = text.partition("=")
        generator, dot, param = target.rpartition(".")
        if not (equals and dot and generator and param):
            raise UserError(f"--set '{text}' is not understood; write generator.param=value.")
        try:
            found.setdefault(short_name(generator), {})[param] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise UserError(f"--set '{text}': the value '{value}' is not valid YAML; correct it.") from None
    return found


def _read(name: str, path: Path, origin: str) -> SuiteSpec:
    suite = parse(SuiteSpec, {"name": name, "origin": origin, **read_yaml(path)}, owner=f"suite '{name}'")
    if not (suite.datasets or suite.include):
        raise UserError(f"suite '{name}' lacks the key 'datasets'; add it, or include other suites.")
    return suite


def _read_shipped(name: str) -> SuiteSpec:
    return _read(name, shipped(FOLDER) / f"{name}.yaml", f"{FOLDER}/{name}.yaml")


SUITES = Registry("suite", partial(shipped_names, FOLDER), _read_shipped, line=lambda suite: suite.summary)
"""The shipped suites."""
