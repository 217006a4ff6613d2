"""The cells of two stores side by side: which setup of one is which of the other, and what forbids to compare them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.plan.cell import digest
from benchmark.store.cell_record import CellRecord
from benchmark.store.records import ScoreRecord
from benchmark.store.store import Store

Scores = Mapping[str, ScoreRecord]


@dataclass(frozen=True)
class Setup:
    """One generator with its parameters on one data set at a length, protocol and budget.

    Attributes:
        record: The record of one of its cells, which differ in key and training seed alone.
        seeds: The intact scores by training seed.
    """

    record: CellRecord
    seeds: Mapping[int, Scores]

    @property
    def name(self) -> str:
        """Setting and title in words."""
        dataset, length, protocol, budget = self.record.setting
        return f"{dataset} {length} {self.record.title} (protocol {protocol}, budget {budget})"


@dataclass(frozen=True)
class Matched:
    """Setups that are in both stores, and those that are in one alone."""

    pairs: tuple[tuple[Setup, Setup], ...]
    only_a: tuple[Setup, ...]
    only_b: tuple[Setup, ...]


@dataclass(frozen=True)
class Changes:
    """How the second setup's generator differs from the first's.

    Attributes:
        version: Both versions of the generator; None where they are equal.
        source: Whether the hash of a plug-in's source differs.
        parameters: By name of a parameter that differs, both values; a parameter that one does not have is "absent" there.
    """

    version: tuple[int, int] | None
    source: bool
    parameters: Mapping[str, tuple[Any, Any]]

    def __bool__(self) -> bool:
        return bool(self.version or self.source or self.parameters)

    def text(self) -> str:
        """The differences in words."""
        parts = [f"generator version {self.version[0]} → {self.version[1]}"] if self.version else []
        parts += ["another source of the plug-in"] if self.source else []
        parts += [f"{name} {json.dumps(a)} → {json.dumps(b)}" for name, (a, b) in self.parameters.items()]
        return ", ".join(parts)


def read_setups(store: Store) -> tuple[list[Setup], list[str]]:
    """The setups of a store by name, and a sentence on each record that was altered and is not used.

    Raises:
        UserError: There is no such store.
    """
    records: dict[str, CellRecord] = {}
    seeds: defaultdict[str, dict[int, Scores]] = defaultdict(dict)
    altered = []
    for folder in store.opened().folders():
        record = folder.record()
        if record is None:
            altered.append(f"{folder.path.name}: cell.json is missing, damaged or altered")
            continue
        altered += [f"{folder.path.name}: the record of score {name} was altered" for name in folder.altered_scores()]
        shared = _shared(record)
        records.setdefault(shared, record)
        seeds[shared][record.seed] = folder.scores()
    found = [Setup(record, dict(sorted(seeds[shared].items()))) for shared, record in records.items()]
    return sorted(found, key=lambda setup: (setup.record.setting, setup.name)), altered


def _shared(record: CellRecord) -> str:
    """Identifies what the cells of a setup share: all but the training seed."""
    return digest({**record.identity(), "seed": None})


LIKENESS: tuple[Callable[[CellRecord], Hashable], ...] = (
    _shared,
    lambda record: digest([record.version, record.params]),
    lambda record: digest(record.params),
    lambda record: record.title,
    lambda record: None,
)
"""What two setups of one generator in one setting have in common, the closest first: at last, that nothing else is left."""


def match(a: Sequence[Setup], b: Sequence[Setup]) -> Matched:
    """Pairs of setups with equal setting and generator; where there are several, the most alike, and never one twice."""
    left_a, left_b = list(a), list(b)
    partner: dict[int, Setup] = {}
    for likeness in LIKENESS:
        groups = [_grouped(side, likeness) for side in (left_a, left_b)]
        for key, mine in groups[0].items():
            theirs = groups[1].get(key, [])
            if len(mine) == len(theirs) == 1:
                partner[id(mine[0])] = theirs[0]
                left_a.remove(mine[0])
                left_b.remove(theirs[0])
    pairs = tuple((setup, partner[id(setup)]) for setup in a if id(setup) in partner)
    return Matched(pairs, tuple(left_a), tuple(left_b))


def _grouped(setups: Sequence[Setup], likeness: Callable[[CellRecord], Hashable]) -> dict[Hashable, list[Setup]]:
    groups: dict[Hashable, list[Setup]] = {}
    for setup in setups:
        record = setup.record
        groups.setdefault((record.setting, record.generator, likeness(record)), []).append(setup)
    return groups


def changes(a: Setup, b: Setup) -> Changes:
    """How the generators of two setups differ."""
    versions = a.record.version, b.record.version
    mine, theirs = a.record.params, b.record.params
    parameters = {
        name: (mine.get(name, "absent"), theirs.get(name, "absent"))
        for name in sorted(mine.keys() | theirs.keys())
        if mine.get(name, "absent") != theirs.get(name, "absent")
    }
    return Changes(
        None if versions[0] == versions[1] else versions,
        a.record.source != b.record.source,
        parameters,
    )


def other_data(a: Setup, b: Setup) -> str:
    """Why the windows of two setups are not the same; "" where they are."""
    mine, theirs = a.record, b.record
    if mine.fingerprint != theirs.fingerprint:
        return f"the data's checksum is {mine.fingerprint[:12]}… in A and {theirs.fingerprint[:12]}… in B"
    read_a, read_b = mine.dataset.model_dump(), theirs.dataset.model_dump()
    options = [name for name in sorted(read_a.keys() | read_b.keys()) if read_a.get(name) != read_b.get(name)]
    if options:
        told = (f"{name} is {read_a.get(name)} in A and {read_b.get(name)} in B" for name in options)
        return f"the data are read in another way: {', '.join(told)}"
    for what, in_a, in_b in (
        ("the number of roles of windows", mine.roles, theirs.roles),
        ("the split of the windows", mine.view, theirs.view),
        ("the largest number of windows", mine.max_windows, theirs.max_windows),
    ):
        if in_a != in_b:
            return f"{what} is {in_a} in A and {in_b} in B"
    return ""


def other_score(a: ScoreRecord, b: ScoreRecord) -> str:
    """Why two scores of the same name are not of the same quantity; "" where they are."""
    if a.version != b.version:
        return f"the metric's version is {a.version} in A and {b.version} in B"
    counts = (a.n_real, a.n_fake), (b.n_real, b.n_fake)
    if counts[0] != counts[1]:
        told = [f"{real:,} real and {fake:,} generated windows" for real, fake in counts]
        return f"{told[0]} are scored in A, and {told[1]} in B"
    return ""
