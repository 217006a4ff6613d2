"""A cell: the unit of work, of caching, of failure and of provenance."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Literal

from benchmark.config.budgets import BudgetSpec
from benchmark.config.generators import GeneratorSpec, load_class
from benchmark.config.needs import Needs
from benchmark.data import DatasetSpec
from benchmark.interface import Generator
from benchmark.protocols import Protocol

STRICT_ROLES = 3
"""Roles that windows have under protocol strict; its cells of two roles, whose test windows chose too, are other cells."""


def digest(value: object) -> str:
    """Sixteen hexadecimal digits that identify a JSON-able value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    # Half a surrogate pair is nothing that this program writes, but a damaged file may hold one.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True)
class Cell:
    """One generator with resolved parameters on one data set, length, protocol, budget and training seed.

    Name and version identify a shipped generator, and `source`, a hash of its code, a plug-in besides; where the module lies
    does not. `fingerprint` identifies the data's content; `features` is D, 0 where it is not known; `skip` says why the cell
    cannot run here, None where it can. `variant` names a suite's setting of the generator, and `altered` the parameters that
    `--set` or a suite's `set` changed, as `name=value`; `remark` says what was done to cells of the data's file. Like the title
    they are only shown. `needs` is what its computing needs of a machine.
    """

    generator: str
    class_path: str
    version: int
    params: dict[str, Any]
    dataset: DatasetSpec
    fingerprint: str
    length: int
    protocol: Protocol
    budget: BudgetSpec
    seed: int
    features: int = 0
    title: str = ""
    size_class: str = "other"
    variant: str = ""
    altered: str = ""
    remark: str = ""
    source: str = ""
    uses_real_disjoint: bool = False
    skip: str | None = None
    sources: dict[str, str] = field(default_factory=dict)
    needs: Needs = field(default_factory=Needs)

    @property
    def generator_class(self) -> type[Generator]:
        """The class of the generator; raises UserError where it cannot be imported."""
        return load_class(GeneratorSpec.model_validate({"name": self.generator, "class": self.class_path}))

    @property
    def view(self) -> Literal["all", "real_disjoint"]:
        """Which split of the data the generator needs; under protocol strict one split serves all."""
        return "real_disjoint" if self.uses_real_disjoint and self.protocol == "paper" else "all"

    @property
    def method(self) -> str:
        """The name of a table's row: the generator, with its variant where a suite sets several."""
        return f"{self.generator}/{self.variant}" if self.variant else self.generator

    def data_identity(self) -> dict[str, Any]:
        """What determines the windows."""
        return {
            "dataset": self.dataset.identity(),
            "fingerprint": self.fingerprint,
            "length": self.length,
            "protocol": self.protocol,
            **({"roles": STRICT_ROLES} if self.protocol == "strict" else {}),
            "view": self.view,
            "max_windows": self.budget.max_windows,
        }

    def identity(self) -> dict[str, Any]:
        """What determines the samples: nothing about the machine, the clock or how things are called."""
        return {
            "generator": self.generator,
            "version": self.version,
            **({"source": self.source} if self.source else {}),
            "params": self.params,
            "budget": self.budget.identity(),
            "seed": self.seed,
            **self.data_identity(),
        }

    @property
    def key(self) -> str:
        """The cell's identity as sixteen hexadecimal digits."""
        return digest(self.identity())

    @property
    def slug(self) -> str:
        """The cell's folder: readable first, then the key."""
        prefix = f"{self.dataset.id}-{self.length}-{self.generator}"
        return f"{prefix}-{self.protocol}-{self.budget.name}-s{self.seed}-{self.key}"
