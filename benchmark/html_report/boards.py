"""What a page shows of a table: a leaderboard a setting, published beside measured, floors with controls."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from benchmark.report.layouts import score_title
from benchmark.report.table import NOT_RUN, Block, Entry, Row, Setting, Table

VERDICTS = {"better": "▲", "tie": "=", "undecided": "?", "worse": "▼"}
"""Each verdict with its sign, best first: nothing is told by color alone."""


@dataclass(frozen=True)
class Head:
    """A column: its title with the direction, a line on it, and whether it is a cost."""

    title: str
    summary: str
    cost: bool


@dataclass(frozen=True)
class BoardEntry:
    """One value of a leaderboard.

    Attributes:
        text: Mean ± half-width, or the status where there is no value.
        order: What rows are sorted by: the distance from the ideal, or the cost; None where there is no value.
        mark: "best", "second" or "".
        groups: The letters of its significance groups.
        published: The published value; empty where there is none.
        verdict: What the measured value says beside it.
        reason: Why there is no value.
    """

    text: str
    order: float | None
    mark: str
    groups: str
    published: str
    verdict: str
    reason: str


@dataclass(frozen=True)
class BoardRow:
    """One generator in one setting, with the cells (training seeds) behind it."""

    title: str
    control: bool
    entries: tuple[BoardEntry, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """The leaderboard of one data set at one length; `floors` are texts, empty where no floor is known."""

    setting: str
    heads: tuple[Head, ...]
    rows: tuple[BoardRow, ...]
    floors: tuple[str, ...]


@dataclass(frozen=True)
class Beside:
    """A published value beside the measured one; `difference` is measured − published with the half-width of its interval."""

    title: str
    setting: str
    score: str
    measured: str
    published: str
    source: str
    difference: str
    verdict: str


@dataclass(frozen=True)
class Noise:
    """What a score is worth in one setting: its floor, the margin of a tie, and the controls' values by `controls`."""

    setting: str
    score: str
    floor: str
    margin: str
    values: tuple[str, ...]


def number(value: float, decimals: int) -> str:
    """A value with a fixed number of decimals."""
    return f"{value:.{decimals}f}"


def measured(entry: Entry, decimals: int) -> str:
    """Mean ± half-width, or the status where there is no value."""
    if entry.mean is None:
        return entry.status
    spread = "" if entry.half_width is None else f" ± {number(entry.half_width, decimals)}"
    return number(entry.mean, decimals) + spread


def setting_titles(table: Table, dataset_titles: dict[str, str]) -> tuple[str, ...]:
    """Each column of a table in words, such as "Stocks, length 24"."""
    return tuple(f"{dataset_titles.get(name, name)}, length {length}" for name, length in table.columns)


def boards(
    table: Table,
    settings: tuple[str, ...],
    costs: tuple[Block, ...],
    cells: Mapping[tuple[str, Setting], tuple[str, ...]],
) -> tuple[Board, ...]:
    """A leaderboard a column of the table, with the blocks of costs as further columns; best rows of the first score first.

    A score that nothing was planned to have in a setting has no column there. `cells` are the links of the cells behind a
    row, by title and setting.
    """
    found = []
    for column, (setting, key) in enumerate(zip(settings, table.columns, strict=True)):
        blocks = [block for block in (*table.blocks, *costs) if _has_cells(block, column)]
        rows = [
            BoardRow(
                row.title,
                row.size_class == "control",
                tuple(_board_entry(_entry(block, row, column), block, cost=block in costs) for block in blocks),
                cells[row.title, key],
            )
            for row in _rows(table)
            if (row.title, key) in cells
        ]
        rows.sort(key=lambda row: (row.control, _first(row), row.title))
        heads = tuple(Head(score_title(b.info), b.info.summary, b in costs) for b in blocks)
        floors = tuple(_number(block.floors[column], block.info.decimals) for block in blocks)
        found.append(Board(setting, heads, tuple(rows), floors))
    return tuple(found)


def _has_cells(block: Block, column: int) -> bool:
    return any(row.entries[column].status != NOT_RUN for row in block.rows)


def _first(row: BoardRow) -> float:
    order = row.entries[0].order
    return math.inf if order is None else order


def _board_entry(entry: Entry, block: Block, *, cost: bool) -> BoardEntry:
    order = None if entry.mean is None else entry.mean if cost else abs(entry.mean - block.info.ideal)
    published = entry.published
    return BoardEntry(
        measured(entry, block.info.decimals),
        order,
        entry.mark,
        entry.groups,
        "" if published is None else f"{published.value:g}",
        entry.verdict or "",
        entry.reason,
    )


def _rows(table: Table) -> Iterator[Row]:
    """Every row of a table once, whichever blocks have it."""
    yield from {(row.generator, row.title): row for block in table.blocks for row in block.rows}.values()


def _entry(block: Block, row: Row, column: int) -> Entry:
    for other in block.rows:
        if (other.generator, other.title) == (row.generator, row.title):
            return other.entries[column]
    return Entry(status=NOT_RUN)


def _number(value: float | None, decimals: int) -> str:
    return "" if value is None else number(value, decimals)


def entries(table: Table, settings: tuple[str, ...]) -> Iterator[tuple[Block, Row, Entry, int, str]]:
    """Every entry of a table with its block, row and setting."""
    for block in table.blocks:
        for row in block.rows:
            for column, (entry, setting) in enumerate(zip(row.entries, settings, strict=True)):
                yield block, row, entry, column, setting


def published_beside(table: Table, settings: tuple[str, ...]) -> tuple[Beside, ...]:
    """Every measured value that has a published one, in the table's order."""
    return tuple(
        Beside(
            row.title,
            setting,
            score_title(block.info),
            measured(entry, block.info.decimals),
            f"{entry.published.value:g}" + (f" ± {entry.published.plus_minus:g}" if entry.published.plus_minus else ""),
            entry.published.table,
            _difference(entry, block.info.decimals),
            entry.verdict or "",
        )
        for block, row, entry, _, setting in entries(table, settings)
        if entry.published is not None and entry.mean is not None
    )


def _difference(entry: Entry, decimals: int) -> str:
    if entry.mean is None or entry.published is None:
        return ""
    difference = f"{entry.mean - entry.published.value:+.{decimals}f}"
    if entry.half_width is None:
        return difference
    return f"{difference} ± {number(math.hypot(entry.half_width, entry.published.plus_minus), decimals)}"


def verdict_counts(rows: Iterable[Beside]) -> tuple[tuple[str, int], ...]:
    """How many values have each verdict, best first."""
    counts = Counter(row.verdict for row in rows)
    return tuple((verdict, counts[verdict]) for verdict in VERDICTS if counts[verdict])


def controls(table: Table) -> tuple[str, ...]:
    """The titles of the controls."""
    return tuple(row.title for row in _rows(table) if row.size_class == "control")


def noises(table: Table, settings: tuple[str, ...]) -> tuple[Noise, ...]:
    """Floor, margin and controls of every score in every setting."""
    rows = [row for row in _rows(table) if row.size_class == "control"]

    def noise(block: Block, column: int, setting: str) -> Noise:
        decimals = block.info.decimals
        values = tuple(measured(_entry(block, row, column), decimals) for row in rows)
        margin = number(block.margins[column], decimals) if block.margins[column] else ""
        return Noise(setting, score_title(block.info), _number(block.floors[column], decimals), margin, values)

    return tuple(noise(b, column, setting) for b in table.blocks for column, setting in enumerate(settings))
