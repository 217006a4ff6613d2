"""From a suite and the command line to the list of cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmark.budgets import load_budget
from benchmark.cell import Cell, Protocol
from benchmark.data import DatasetSpec, expected_fingerprint, fingerprint, load_windows, spec_from_csv, window_counts
from benchmark.data import load_spec as load_dataset
from benchmark.errors import SkipCell, UserError, unknown
from benchmark.registry import GeneratorSpec, load_class, main_generator_names, resolve
from benchmark.registry import load_spec as load_generator
from benchmark.scoring import score_names
from benchmark.sizes import count_parameters
from benchmark.suites import MOST_SEEDS, SuiteSpec, load_suite, parse_assignments
from benchmark.timing import SAMPLING_TIME

MOST_CELLS = 100_000
ONLY_KEYS = ("generator", "dataset", "length", "seed")


@dataclass(frozen=True)
class Request:
    """What the command line adds to a suite; None leaves the suite's own value."""

    budget: str | None = None
    protocol: str | None = None
    seeds: int | None = None
    only: tuple[str, ...] = ()
    assignments: tuple[str, ...] = ()
    csv: Path | None = None
    data_dir: Path | None = None


@dataclass(frozen=True)
class Plan:
    """The cells of a suite after the command line has spoken, and the scores each one gets."""

    suite: SuiteSpec
    cells: tuple[Cell, ...]
    scores: tuple[str, ...]
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def time_limit(self) -> float:
        """Seconds a cell may take."""
        minutes = self.suite.time_limit_minutes
        return 60 * (minutes if minutes is not None else load_budget(self.suite.budget).time_limit_minutes)


def make_plan(suite: SuiteSpec, request: Request, within: tuple[str, ...] = ()) -> Plan:
    """Every cell of `suite` as `request` changes it; raises UserError for names and values that do not exist.

    `within` are the files of the suites that include it.
    """
    if suite.origin and suite.origin in within:
        raise UserError(
            f"suite '{suite.name}' includes itself ({' > '.join((*within, suite.origin))}); correct 'include'."
        )
    suite, sources = _apply(suite, request)
    known_scores = [*score_names(), SAMPLING_TIME]
    for score in suite.scores:
        if score not in known_scores:
            raise unknown("score", score, known_scores, owner=f"suite '{suite.name}'")
    # The including suite decides on budget and protocol; a cell that several suites name is one cell.
    inner = replace(request, budget=suite.budget, protocol=suite.protocol, only=(), assignments=())
    parts = [make_plan(load_suite(name), inner, (*within, suite.origin)) for name in suite.include]
    scores = tuple(dict.fromkeys([*suite.scores, *(score for part in parts for score in part.scores)]))
    own = _own_cells(suite, request)
    cells = {cell.key: cell for cell in [cell for part in parts for cell in part.cells] + own}
    return Plan(suite, tuple(_keep(list(cells.values()), request.only)), scores, sources)


def _own_cells(suite: SuiteSpec, request: Request) -> list[Cell]:
    """The cells of the suite's own data sets; raises UserError."""
    if not suite.datasets:
        if request.assignments:
            raise UserError(
                f"suite '{suite.name}' only includes others; use --set with one of {', '.join(suite.include)}."
            )
        return []
    datasets = [spec_from_csv(request.csv)] if request.csv else [load_dataset(name) for name in suite.datasets]
    names = main_generator_names() if suite.generators == "all" else suite.generators
    generators = [load_generator(name) for name in names]
    overrides = {**suite.set, **parse_assignments(list(request.assignments))}
    variants = [(variant, load_generator(variant.generator)) for variant in suite.variants]
    known = [spec.name for spec in (*generators, *(spec for _, spec in variants))]
    for name in overrides:
        if name not in known:
            raise unknown("generator", name, known, owner="--set")
    cells: list[Cell] = []
    for dataset in datasets:
        content = _content(dataset, request.data_dir)
        for length in suite.lengths:
            place = _Place(
                dataset, length, *content, _features(dataset, length, suite.protocol, content, request.data_dir)
            )
            for generator in generators:
                cells += _cells(suite, generator, place, overrides.get(generator.name, {}))
            for variant, generator in variants:
                settings = {**variant.params, **overrides.get(generator.name, {})}
                cells += _cells(suite, generator, place, settings, variant.label)
            if len(cells) > MOST_CELLS:
                raise UserError(
                    f"suite '{suite.name}' has more than {MOST_CELLS:,} cells with {suite.seeds} training seeds; use fewer "
                    "seeds, or fewer data sets, lengths and generators."
                )
    return cells


def _apply(suite: SuiteSpec, request: Request) -> tuple[SuiteSpec, dict[str, str]]:
    """The suite with the command line's values, and where each value came from."""
    sources = {
        name: suite.origin if name in suite.model_fields_set else "default of a suite"
        for name in type(suite).model_fields
    }
    changes: dict[str, Any] = {}
    if request.budget is not None:
        changes["budget"] = load_budget(request.budget).name
    if request.protocol is not None:
        if request.protocol not in ("paper", "strict"):
            raise unknown("protocol", request.protocol, ("paper", "strict"))
        changes["protocol"] = request.protocol
    if request.seeds is not None:
        if request.seeds < 1:
            raise UserError(f"--seeds is {request.seeds}, but at least one training seed is needed.")
        if request.seeds > MOST_SEEDS:
            raise UserError(
                f"--seeds is {request.seeds}, but a run has at most {MOST_SEEDS} training seeds; use fewer."
            )
        changes["seeds"] = request.seeds
    if request.csv is not None:
        changes["datasets"] = (str(request.csv),)
    sources.update(dict.fromkeys(changes, "command line"))
    load_budget(changes.get("budget", suite.budget))
    return suite.model_copy(update=changes), sources


@dataclass(frozen=True)
class _Place:
    """A data set at a length: its content's fingerprint, why it is not here (None if it is), and D."""

    dataset: DatasetSpec
    length: int
    fingerprint: str
    skip: str | None
    features: int


def _content(dataset: DatasetSpec, data_dir: Path | None) -> tuple[str, str | None]:
    try:
        return fingerprint(dataset, data_dir), None
    except SkipCell as reason:
        # The file is known by its checksum even where it is absent, so the cell keeps its key.
        return expected_fingerprint(dataset), str(reason)


def _features(
    dataset: DatasetSpec, length: int, protocol: Protocol, content: tuple[str, str | None], data_dir: Path | None
) -> int:
    """D, after the mistakes that a look at the data shows; raises UserError for bad data or too few rows."""
    counts = window_counts(dataset, (length,))
    if counts is not None and counts.get(length, 0) < 2:
        raise UserError(f"the data set '{dataset.id}' has no two windows of length {length}; use a shorter length.")
    if dataset.features is not None and dataset.folder is None:
        return dataset.features
    if content[1] is not None:
        return 0
    # Somebody's own file: better refused now than after an hour.
    return load_windows(dataset, length, protocol, data_dir=data_dir, seed_for_split=0).train.shape[2]


def _cells(
    suite: SuiteSpec, generator: GeneratorSpec, place: _Place, overrides: Mapping[str, Any], variant: str = ""
) -> Iterator[Cell]:
    budget = load_budget(suite.budget)
    where = {
        "dataset": place.dataset.id,
        "features": place.features,
        "length": place.length,
        "budget": budget.name,
        "protocol": suite.protocol,
    }
    resolved = resolve(generator, where, overrides)
    cls = load_class(generator)
    # Refuses parameters that do not fit the windows, such as a ladder of scales that ends elsewhere.
    count_parameters(cls(**resolved.params), place.length, place.features, f"generator '{generator.name}'")
    for seed in range(suite.seeds):
        yield Cell(
            generator=generator.name,
            class_path=generator.class_,
            version=cls.version,
            params=resolved.params,
            sources=resolved.sources,
            dataset=place.dataset,
            fingerprint=place.fingerprint,
            length=place.length,
            protocol=suite.protocol,
            budget=budget,
            seed=seed,
            features=place.features,
            title=f"{generator.title or generator.name}{', ' if variant else ''}{variant}",
            variant=variant,
            size_class="control" if cls.is_control or cls.uses_fresh_data else generator.size_class,
            uses_fresh_data=cls.uses_fresh_data,
            skip=place.skip,
        )


def _keep(cells: list[Cell], only: tuple[str, ...]) -> list[Cell]:
    """The cells that every `key=a,b` of --only admits; raises UserError for a key or value that no cell has."""
    for text in only:
        key, equals, values = text.partition("=")
        if not equals or not values:
            raise UserError(f"--only '{text}' is not understood; write for example generator=copy,oracle.")
        if key not in ONLY_KEYS:
            raise unknown("key", key, ONLY_KEYS, owner="--only")
        there = {_field(cell, key) for cell in cells}
        wanted = values.split(",")
        for value in wanted:
            if value not in there:
                raise unknown(key, value, there, owner="this suite")
        cells = [cell for cell in cells if _field(cell, key) in wanted]
    return cells


def _field(cell: Cell, key: str) -> str:
    return cell.dataset.id if key == "dataset" else str(getattr(cell, key))
