"""From a suite and the command line to the list of cells."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from benchmark.config.budgets import BUDGETS
from benchmark.config.generators import GeneratorSpec, load_class, main_generator_names, resolve
from benchmark.config.generators import load_spec as load_generator
from benchmark.config.source import source_digest
from benchmark.config.suites import SuiteSpec, load_suite, parse_assignments, plain_text
from benchmark.data import DatasetSpec
from benchmark.data import load_spec as load_dataset
from benchmark.errors import UserError, unknown
from benchmark.imports import module_name
from benchmark.plan.cell import Cell, digest
from benchmark.plan.keys import SCORES
from benchmark.plan.request import Request, apply_request
from benchmark.plan.sampling_time import STAGE_SCORES
from benchmark.plan.score_name import ScoreName
from benchmark.plan.selection import Selection, parse_only
from benchmark.plan.setting import Setting, setting_of
from benchmark.plan.sizes import build, count_parameters

SMALL, LARGE = 6_000_000, 40_000_000
"""Parameters of the paper's classes: fewer than SMALL, more than LARGE."""
LONGEST_FOLDER = 80
"""Characters of the part of a folder's name that says what was changed."""
MOST_CELLS = 100_000


@dataclass(frozen=True)
class Plan:
    """The cells of a suite with the changes of the command line, and the scores that each draw of samples gets."""

    suite: SuiteSpec
    cells: tuple[Cell, ...]
    scores: tuple[str, ...]
    sources: dict[str, str] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    """How the command line narrowed or altered the suite, such as "dataset=stocks" or "seeds=3"; empty for the whole suite."""

    @property
    def title(self) -> str:
        """The suite's title with what was changed."""
        return ", ".join([self.suite.title or self.suite.name, *self.changes])

    @property
    def folder(self) -> str:
        """A name for the files of this view of the suite: the whole suite's own, or one that says what was changed."""
        whole = f"{self.suite.name}-{self.suite.protocol}-{self.suite.budget}"
        if not self.changes:
            return whole
        said = "--".join(self.changes)
        text = re.sub(r"[^\w=.,+-]+", "_", said)[:LONGEST_FOLDER]
        if text != said:
            text += f"-{digest(self.changes)[:8]}"
        return f"{whole}--{text}"

    @property
    def score_names(self) -> tuple[str, ...]:
        """The scores of every draw of samples, draw by draw; what times or measures the model itself is done once."""
        draws = range(1, self.suite.sampling_seeds)
        drawn = [ScoreName.parse(name) for name in self.scores if name not in STAGE_SCORES]
        return (*self.scores, *(score.of_draw(draw) for draw in draws for score in drawn))

    @property
    def lacking(self) -> list[DatasetSpec]:
        """The data sets of cells that cannot run here, which a download may change."""
        return list({cell.dataset.id: cell.dataset for cell in self.cells if cell.skip}.values())

    @property
    def time_limit(self) -> float:
        """Seconds a cell may take."""
        minutes = self.suite.time_limit_minutes
        return 60 * (minutes if minutes is not None else BUDGETS.load(self.suite.budget).time_limit_minutes)


def make_plan(
    suite: SuiteSpec, request: Request, within: tuple[str, ...] = (), selection: Selection | None = None
) -> Plan:
    """Every cell of `suite` as `request` changes it; raises UserError for names and values that do not exist.

    Nothing is built of what `--only` leaves out. For a suite that others include, `within` are their files and `selection` is
    what their `--only` admits.
    """
    if suite.origin and suite.origin in within:
        raise UserError(
            f"suite '{suite.name}' includes itself ({' > '.join((*within, suite.origin))}); correct 'include'."
        )
    whole = _extent(suite)
    suite, sources = apply_request(suite, request)
    changed = [f"{name}={extent}" for name, extent in _extent(suite).items() if extent != whole[name]]
    for score in suite.scores:
        SCORES.load(score, owner=f"suite '{suite.name}'")
    # The including suite decides on budget and protocol; a cell that several suites name is one cell.
    inner = replace(request, budget=suite.budget, protocol=suite.protocol, assignments=())
    selection = selection or parse_only(request.only, _choices(suite, request))
    parts = [make_plan(load_suite(name), inner, (*within, suite.origin), selection) for name in suite.include]
    scores = tuple(dict.fromkeys([*suite.scores, *(score for part in parts for score in part.scores)]))
    # An option that says what this suite has already may alter one that it includes.
    changed += [change for part in parts for change in part.changes if change not in request.only]
    changes = (*request.only, *dict.fromkeys(changed), *request.assignments)
    draws = max([suite.sampling_seeds, *(part.suite.sampling_seeds for part in parts)])
    suite = suite.model_copy(update={"sampling_seeds": draws})
    own = _own_cells(suite, request, selection)
    cells: dict[str, Cell] = {}
    for cell in [cell for part in parts for cell in part.cells] + own:
        # A variant with the generator's own values keeps the generator's name, under which other data sets have it.
        cells.setdefault(cell.key, cell)
    if not cells and not within:
        if not request.only:
            raise UserError(f"suite '{suite.name}' has no cells; name generators and data sets in it.")
        raise UserError(f"no cell of suite '{suite.name}' has all of --only {' and '.join(request.only)}; name fewer.")
    _check_names(suite, cells.values())
    if suite.layout == "grid" and not within:
        _check_grid(suite, {(cell.dataset.id, cell.length) for cell in cells.values()})
    return Plan(suite, tuple(cells.values()), scores, sources, changes)


def _check_names(suite: SuiteSpec, cells: Collection[Cell]) -> None:
    """Raise UserError where two classes or two data sets have one name, by which tables would average them."""
    classes: dict[str, tuple[str, str]] = {}
    data: dict[str, str] = {}
    for cell in cells:
        known = classes.setdefault(cell.generator, (cell.class_path, cell.source))
        if known != (cell.class_path, cell.source):
            raise UserError(
                f"suite '{suite.name}' has two generators called '{cell.generator}' ({known[0]} and {cell.class_path}); "
                "rename one class."
            )
        if data.setdefault(cell.dataset.id, cell.fingerprint) != cell.fingerprint:
            raise UserError(
                f"suite '{suite.name}' has two data sets called '{cell.dataset.id}'; rename one of the files."
            )


def _check_grid(suite: SuiteSpec, settings: Set[tuple[str, int]]) -> None:
    """Raise UserError where a table over two parameters cannot be made, before anything is computed for it."""
    names = {tuple(variant.params) for variant in suite.variants}
    if len(settings) != 1 or len(names) != 1 or len(next(iter(names))) != 2:
        raise UserError(
            f"suite '{suite.name}': the layout 'grid' needs one data set, one length and variants that all set the same two "
            "parameters; choose with --only and --length, or another layout."
        )


def _extent(suite: SuiteSpec) -> dict[str, str]:
    """What of a suite's extent the command line may change, as it is written in a folder's name."""
    lengths = ",".join(map(str, suite.lengths))
    return {"length": lengths, "seeds": str(suite.seeds), "sampling_seeds": str(suite.sampling_seeds)}


def _choices(suite: SuiteSpec, request: Request, seen: frozenset[str] = frozenset()) -> dict[str, set[object]]:
    """The values that cells of a suite, and of those that it includes, have by key of `--only`.

    `seen` are the files of the suites that include it: one that includes itself is refused when it is planned.
    """
    found: dict[str, set[object]] = {
        "generator": {name for name, _ in _generators(suite)},
        "dataset": {dataset.id for dataset in _datasets(suite, request)},
        "length": set(suite.lengths) if suite.datasets else set(),
        "seed": set(range(suite.seeds)),
    }
    inner = [load_suite(name) for name in suite.include]
    for included in (one for one in inner if one.origin not in seen | {suite.origin}):
        for key, values in _choices(apply_request(included, request)[0], request, seen | {suite.origin}).items():
            found[key] |= values
    return found


def _datasets(suite: SuiteSpec, request: Request) -> list[DatasetSpec]:
    if not suite.datasets:
        return []
    return [request.own] if request.own else [load_dataset(name) for name in suite.datasets]


def _generators(suite: SuiteSpec) -> list[tuple[str, GeneratorSpec]]:
    """The suite's generators and those of its variants by name."""
    if not suite.datasets:
        return []
    names = main_generator_names() if suite.generators == "all" else suite.generators
    every = (*names, *(variant.generator for variant in suite.variants))
    specs = [load_generator(name) for name in every]
    return [(spec.name, spec) for spec in specs]


def _own_cells(suite: SuiteSpec, request: Request, selection: Selection) -> list[Cell]:
    """The cells of the suite's own data sets; raises UserError."""
    if not suite.datasets:
        if request.assignments:
            raise UserError(
                f"suite '{suite.name}' only includes others; use --set with one of {', '.join(suite.include)}."
            )
        return []
    every = _generators(suite)
    assigned = parse_assignments(list(request.assignments))
    overrides = {name: {**suite.set.get(name, {}), **assigned.get(name, {})} for name in (*suite.set, *assigned)}
    for name in overrides:
        if name not in dict(every):
            raise unknown("generator", name, [known for known, _ in every], owner="--set")
    first = len(every) - len(suite.variants)
    generators = [spec for name, spec in every[:first] if selection.admits("generator", name)]
    pairs = zip(suite.variants, every[first:], strict=True)
    variants = [(variant, spec) for variant, (name, spec) in pairs if selection.admits("generator", name)]
    seeds = [seed for seed in range(suite.seeds) if selection.admits("seed", seed)]
    cells: list[Cell] = []
    for dataset in _datasets(suite, request):
        if not selection.admits("dataset", dataset.id):
            continue
        for length in filter(lambda length: selection.admits("length", length), suite.lengths):
            setting = setting_of(dataset, length, suite.protocol, request.data_dir)
            for generator in generators:
                cells += _cells(suite, seeds, generator, setting, overrides.get(generator.name, {}))
            for variant, generator in variants:
                altered = overrides.get(generator.name, {})
                cells += _cells(suite, seeds, generator, setting, altered, variant.params, variant.label)
            if len(cells) > MOST_CELLS:
                raise UserError(
                    f"suite '{suite.name}' has more than {MOST_CELLS:,} cells with {suite.seeds} training seeds; use fewer "
                    "seeds, or fewer data sets, lengths and generators."
                )
    return cells


def _cells(
    suite: SuiteSpec,
    seeds: Sequence[int],
    generator: GeneratorSpec,
    setting: Setting,
    overrides: Mapping[str, Any],
    preset: Mapping[str, Any] = MappingProxyType({}),
    variant: str = "",
) -> Iterator[Cell]:
    """One cell a training seed. `preset` are a variant's own parameters, `overrides` what was changed on top of them."""
    budget = BUDGETS.load(suite.budget)
    where = {
        "dataset": setting.dataset.id,
        "features": setting.features,
        "length": setting.length,
        "budget": budget.name,
        "protocol": suite.protocol,
    }
    resolved = resolve(generator, where, {**preset, **overrides})
    plain = resolve(generator, where, preset).params if overrides else resolved.params
    altered = ", ".join(
        f"{name}={plain_text(resolved.params[name])}" for name in overrides if resolved.params[name] != plain.get(name)
    )
    cls = load_class(generator)
    # Refuses parameters that do not fit the windows, such as patch numbers that end at another length.
    owner = f"generator '{generator.name}'"
    size = count_parameters(build(cls, resolved.params, owner), setting.length, setting.features, owner)
    title = ", ".join(filter(None, [generator.title or generator.name, variant, altered]))
    source = source_digest(module_name(generator.class_.rpartition(":")[0]))
    for seed in seeds:
        yield Cell(
            generator=generator.name,
            class_path=generator.class_,
            version=cls.version,
            source=source,
            params=resolved.params,
            sources=resolved.sources,
            dataset=setting.dataset,
            fingerprint=setting.fingerprint,
            length=setting.length,
            protocol=suite.protocol,
            budget=budget,
            seed=seed,
            features=setting.features,
            title=title,
            altered=altered,
            variant=variant,
            remark=setting.remark,
            size_class="control" if cls.is_control or cls.uses_real_disjoint else size_class(size),
            uses_real_disjoint=cls.uses_real_disjoint,
            needs=generator.needs,
            skip=setting.skip,
        )


def size_class(parameters: int) -> Literal["large", "medium", "small", "other"]:
    """The paper's classes by trainable parameters, and what lies between them; "other" for a generator that has none."""
    if parameters > LARGE:
        return "large"
    if parameters >= SMALL:
        return "medium"
    return "small" if parameters else "other"
