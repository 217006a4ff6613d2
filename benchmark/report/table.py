"""A table before it is laid out: blocks of scores, rows of generators, columns of data sets, and what is best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from benchmark.config.budgets import is_shortened
from benchmark.plan.keys import score_info
from benchmark.report.caption import beside_of, caption_of
from benchmark.report.columns import Unit, column_of
from benchmark.report.floor import Verdict, floor_and_margin, verdict
from benchmark.report.published import Published, is_comparable, published_scores
from benchmark.report.spread import spread_of
from benchmark.statistics.tests import Said

if TYPE_CHECKING:
    import pandas as pd

    from metrics.base import MetricInfo

Mark = Literal["", "best", "second"]
Setting = tuple[str, int]
"""A column: data set and length."""


NOT_RUN = "not run"
"""The status of an entry that no cell behind a table has."""


@dataclass(frozen=True)
class Entry:
    """One generator on one data set by one score; `mean` is None where there is no value, and `status` says why.

    The half-width is over so many (`size`) training seeds, draws or repetitions (`level`). `groups` are the letters of its
    significance groups in its column: entries that share a letter do not differ.
    """

    mean: float | None = None
    half_width: float | None = None
    n: int | None = None
    level: str = ""
    size: int = 1
    status: str = ""
    reason: str = ""
    published: Published | None = None
    verdict: Verdict | None = None
    mark: Mark = ""
    groups: str = ""


@dataclass(frozen=True)
class Row:
    """One generator's entries, one a column; altered parameters make another row, under another title."""

    generator: str
    title: str
    size_class: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Block:
    """One score: its info, its rows, and by column what a perfect generator scores and how much difference is a tie.

    `units` are what the letters of each column are over; None for a column without letters. `said` is by column what the tests
    behind the letters say of two titles.
    """

    info: MetricInfo
    floors: tuple[float | None, ...]
    margins: tuple[float, ...]
    rows: tuple[Row, ...]
    units: tuple[Unit | None, ...] = ()
    said: tuple[Mapping[frozenset[str], Said], ...] = ()


@dataclass(frozen=True)
class Table:
    """Everything a layout needs; `beside` is the caption's end, on what stands in parentheses."""

    title: str
    columns: tuple[Setting, ...]
    column_titles: tuple[str, ...]
    blocks: tuple[Block, ...]
    caption: str
    beside: str = ""
    notes: tuple[str, ...] = field(default=())


def make_table(frame: pd.DataFrame, *, title: str, dataset_titles: dict[str, str], notes: Iterable[str] = ()) -> Table:
    """The table of a results frame: measured beside published, best and second marked among equals of no control."""
    settings = list(dict.fromkeys(zip(frame["dataset"], frame["length"], strict=True)))
    several = len({length for _, length in settings}) > 1
    titles = [dataset_titles.get(name, name) + (f"-{length}" if several else "") for name, length in settings]
    blocks = tuple(_block(part, settings, str(name)) for name, part in frame.groupby("metric", sort=False))
    caption, beside = caption_of(frame, dict(zip(settings, titles, strict=True)), blocks), beside_of(frame, blocks)
    return Table(title, tuple(settings), tuple(titles), blocks, caption, beside, tuple(notes))


def _block(frame: pd.DataFrame, settings: list[Setting], name: str) -> Block:
    info = score_info(name)
    rows = [
        _row(part, settings, name, str(generator), str(title))
        for (generator, title), part in frame.groupby(["generator", "title"], sort=False)
    ]
    parts = _by_setting(frame)
    columns = [parts.get(place, frame.iloc[:0]) for place in settings]
    noise = [floor_and_margin(column, info) for column in columns]
    floors, margins = tuple(floor for floor, _ in noise), tuple(margin for _, margin in noise)
    shortened = {name for name in set(frame["budget"]) if is_shortened(str(name))}
    if not shortened:
        rows = [
            replace(row, entries=tuple(_judged(e, m, info) for e, m in zip(row.entries, margins, strict=True)))
            for row in rows
        ]
    groups = [_groups(column, margin, info) for column, margin in zip(columns, margins, strict=True)]
    rows = [
        replace(
            row,
            entries=tuple(
                replace(e, groups=of.letters.get(row.title, "")) for e, of in zip(row.entries, groups, strict=True)
            ),
        )
        for row in _marked(rows, margins, info)
    ]
    units, said = tuple(of.unit for of in groups), tuple(of.said for of in groups)
    return Block(info, floors, margins, tuple(rows), units, said)


def _by_setting(frame: pd.DataFrame) -> dict[Setting, pd.DataFrame]:
    return {(str(d), int(str(t))): part for (d, t), part in frame.groupby(["dataset", "length"], sort=False)}


class _Groups(NamedTuple):
    """The letters of one column by title, what they are over (None without letters), and what the test of two titles says."""

    letters: Mapping[str, str]
    unit: Unit | None
    said: Mapping[frozenset[str], Said]


def _groups(part: pd.DataFrame, margin: float, info: MetricInfo) -> _Groups:
    column = None if info.depends_on_machine else column_of(part, info.ideal, log_scale=info.log_scale)
    if column is None:
        return _Groups({}, None, {})
    found, titles = column.groups(margin), column.generators
    said = {frozenset(titles[place] for place in one.pair): one.said for one in found.comparisons}
    return _Groups(dict(zip(titles, found.letters, strict=True)), column.unit if any(found.letters) else None, said)


def _row(part: pd.DataFrame, settings: list[Setting], metric: str, generator: str, title: str) -> Row:
    known = published_scores() if is_comparable(part) else {}
    parts = _by_setting(part)
    entries = tuple(_entry(parts.get((d, t)), known.get((metric, d, t, generator))) for d, t in settings)
    return Row(generator, title, str(part["size_class"].iloc[0]), entries)


def _entry(part: pd.DataFrame | None, published: Published | None) -> Entry:
    if part is None:
        return Entry(status=NOT_RUN, published=published)
    values, models = part.dropna(subset=["value"]), ["seed", "sampling_seed"]
    if values.empty or len(values[models].drop_duplicates()) < len(part[models].drop_duplicates()):
        failed = part[part["value"].isna()].iloc[0]
        return Entry(status=str(failed["status"]), reason=str(failed["reason"]), published=published)
    spread = spread_of(values)
    n = int(values["n"].min())
    return Entry(spread.mean, spread.half_width, n, spread.level, spread.size, "done", published=published)


def _judged(entry: Entry, margin: float, info: MetricInfo) -> Entry:
    """The entry with its verdict, where there is a published value; one value without a spread decides nothing."""
    if entry.mean is None or entry.published is None or info.depends_on_machine:
        return entry  # seconds on another machine are no verdict
    if entry.half_width is None:
        return replace(entry, verdict="undecided")
    return replace(entry, verdict=verdict(entry.mean, entry.half_width, entry.published, margin, info.ideal))


def _marked(rows: list[Row], margins: tuple[float, ...], info: MetricInfo) -> list[Row]:
    """The rows with best and second marked in each column of two or more; what is within the margin of the best ties with it."""
    marks: list[list[Mark]] = [[""] * len(margins) for _ in rows]
    for column, margin in enumerate(margins):
        ranked = {
            index: abs(mean - info.ideal)
            for index, row in enumerate(rows)
            if row.size_class != "control" and (mean := row.entries[column].mean) is not None
        }
        if len(ranked) < 2:
            continue  # one row is no ranking
        for mark in ("best", "second"):
            if not ranked:
                break
            best = min(ranked.values())
            for index in [i for i, value in ranked.items() if value <= best + margin]:
                marks[index][column] = mark
                del ranked[index]
    return [
        replace(row, entries=tuple(replace(e, mark=m) for e, m in zip(row.entries, marks[index], strict=True)))
        for index, row in enumerate(rows)
    ]
