"""The cells of two stores side by side: which setup of one is which of the other, and what forbids to compare them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.plan.cell import SHOWN, digest, recorded_key
from benchmark.store.records import ScoreRecord
from benchmark.store.store import Store

Scores = Mapping[str, ScoreRecord]


@dataclass(frozen=True)
class Setup:
    """One generator with its parameters on one data set at a length, protocol and budget.

    Attributes:
        record: What its cells record in `cell.json`, apart from key and seed.
        seeds: The intact scores by training seed.
    """

    record: Mapping[str, Any]
    seeds: Mapping[int, Scores]

    @property
    def setting(self) -> tuple[str, int, str, str]:
        """Data set, length, protocol and budget."""
        record = self.record
        return record["dataset"]["id"], record["length"], record["protocol"], record["budget"]["name"]

    @property
    def generator(self) -> str:
        """The generator's name."""
        return str(self.record["generator"])

    @property
    def name(self) -> str:
        """Setting and title in words."""
        dataset, length, protocol, budget = self.setting
        return f"{dataset} {length} {self.record['title']} (protocol {protocol}, budget {budget})"


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
    records: dict[str, Mapping[str, Any]] = {}
    seeds: defaultdict[str, dict[int, Scores]] = defaultdict(dict)
    altered = []
    for folder in store.opened().folders():
        record = folder.record()
        if recorded_key(record) is None:
            altered.append(f"{folder.path.name}: cell.json is missing, damaged or altered")
            continue
        altered += [f"{folder.path.name}: the record of score {name} was altered" for name in folder.altered_scores()]
        shared = {name: value for name, value in record.items() if name not in ("key", "seed")}
        identity = digest({name: value for name, value in shared.items() if name not in SHOWN})
        records.setdefault(identity, shared)
        seeds[identity][record["seed"]] = folder.scores()
    found = [Setup(record, dict(sorted(seeds[identity].items()))) for identity, record in records.items()]
    return sorted(found, key=lambda setup: (setup.setting, setup.name)), altered


LIKENESS: tuple[Callable[[Mapping[str, Any]], Hashable], ...] = (
    lambda record: digest({name: value for name, value in record.items() if name not in SHOWN}),
    lambda record: digest([record["version"], record["params"]]),
    lambda record: digest(record["params"]),
    lambda record: record["title"],
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


def _grouped(setups: Sequence[Setup], likeness: Callable[[Mapping[str, Any]], Hashable]) -> dict[Hashable, list[Setup]]:
    groups: dict[Hashable, list[Setup]] = {}
    for setup in setups:
        groups.setdefault((setup.setting, setup.generator, likeness(setup.record)), []).append(setup)
    return groups


def changes(a: Setup, b: Setup) -> Changes:
    """How the generators of two setups differ."""
    versions = a.record["version"], b.record["version"]
    mine, theirs = a.record["params"], b.record["params"]
    parameters = {
        name: (mine.get(name, "absent"), theirs.get(name, "absent"))
        for name in sorted(mine.keys() | theirs.keys())
        if mine.get(name, "absent") != theirs.get(name, "absent")
    }
    return Changes(
        None if versions[0] == versions[1] else versions,
        a.record.get("source", "") != b.record.get("source", ""),
        parameters,
    )


def other_data(a: Setup, b: Setup) -> str:
    """Why the windows of two setups are not the same; "" where they are."""
    mine, theirs = a.record, b.record
    if mine["fingerprint"] != theirs["fingerprint"]:
        return f"the data's checksum is {mine['fingerprint'][:12]}… in A and {theirs['fingerprint'][:12]}… in B"
    options = [
        name
        for name in sorted(mine["dataset"].keys() | theirs["dataset"].keys())
        if mine["dataset"].get(name) != theirs["dataset"].get(name)
    ]
    if options:
        told = (
            f"{name} is {mine['dataset'].get(name)} in A and {theirs['dataset'].get(name)} in B" for name in options
        )
        return f"the data are read in another way: {', '.join(told)}"
    for name, what in (
        ("roles", "the number of roles of windows"),
        ("view", "the split of the windows"),
        ("max_windows", "the largest number of windows"),
    ):
        if mine.get(name) != theirs.get(name):
            return f"{what} is {mine.get(name)} in A and {theirs.get(name)} in B"
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
