"""The description of a sweep: by options, by a YAML file, or by both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from benchmark.config.files import read_yaml
from benchmark.config.suites import MOST_SEEDS
from benchmark.errors import UserError
from benchmark.protocols import Protocol
from benchmark.validation import Frozen, parse

MOST_TRIALS = 100_000
Sampler = Literal["grid", "tpe"]
Pruner = Literal["none", "median", "halving"]


class SweepSpec(Frozen):
    """One sweep.

    Attributes:
        param: By parameter its values, as `benchmark.sweep.space.make_space` reads them.
        trials: Trials in all (default: the whole grid, or 20 for TPE).
        scores: Test scores of the best trial (default: context_fid); of every trial where a test score is the objective.
        protocol: Which windows train and test (default: the objective's own).
        seeds: Training seeds a trial.
        prune_on: The logged metric to prune on (default: validation, or loss where that is not logged).
    """

    generator: str
    dataset: str = "stocks"
    length: int = Field(default=24, ge=2)
    param: dict[str, Any] = Field(min_length=1)
    sampler: Sampler = "grid"
    trials: int | None = Field(default=None, ge=1, le=MOST_TRIALS)
    study: str | None = None
    storage: str | None = None
    objective: str = "validation"
    allow_test_objective: bool = False
    scores: tuple[str, ...] = ()
    budget: str = "fast"
    protocol: Protocol | None = None
    seeds: int = Field(default=1, ge=1, le=MOST_SEEDS)
    pruner: Pruner = "none"
    prune_on: str | None = None

    @field_validator("study")
    @classmethod
    def _plain(cls, study: str | None) -> str | None:
        if study is not None and not re.fullmatch(r"\w[\w.-]{0,99}", study):
            raise ValueError(
                "a study's name holds letters, digits, dots, dashes and underscores only, the first no dot or dash"
            )
        return study

    @property
    def name(self) -> str:
        """The study's name: given, or what the sweep is about."""
        generator = re.sub(r"\W", "_", Path(self.generator).stem)
        dataset = re.sub(r"\W", "_", Path(self.dataset).stem)
        return self.study or f"{generator}-{dataset}-{self.length}-{self.budget}-{self.sampler}"


def load_sweep(path: Path | None, given: dict[str, Any], params: Sequence[str]) -> SweepSpec:
    """The sweep of a YAML file with its keys replaced by the options `given` (where not None) and by `--param` texts.

    Raises:
        UserError: A key or a value is wrong, or a sweep lacks its generator or a parameter to vary.
    """
    values: dict[str, Any] = dict(read_yaml(path)) if path else {}
    values.update({name: value for name, value in given.items() if value is not None})
    if params:
        listed = values.get("param")
        values["param"] = {**(listed if isinstance(listed, dict) else {}), **dict(map(_split, params))}
    if "generator" not in values:
        raise UserError("a sweep needs a generator; add --generator NAME.")
    if not values.get("param"):
        raise UserError("a sweep needs a parameter to vary; add for example --param vocab_size=256,384,512.")
    return parse(SweepSpec, values, owner=f"sweep '{path}'" if path else "the sweep")


def _split(text: str) -> tuple[str, str | None]:
    """`name=values`, or a name alone, whose values are proposed."""
    name, equals, values = text.partition("=")
    if not name or (equals and not values):
        raise UserError(f"--param '{text}' is not understood; write name=value,value or name=low..high.")
    return name, values if equals else None
