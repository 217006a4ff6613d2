"""A table as a terminal shows it: aligned and inside its width; columns that do not fit stand in further parts below."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchmark.report.text_table import Line, Text, TextTable

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text as Styled

MARKS = {"": "", "bold": "bold", "underlined": "underline"}
KINDS = {"": "", "control": "italic", "floor": "dim"}
GAP = 2
"""Blanks between two columns."""
LONGEST_VALUE = 24
"""A text up to so long, such as a mean with its interval, is broken only where nothing else helps."""
MOST_KEYS = 3
"""As many leading columns at most are repeated in each part, so that a row can be told."""
NUMBER = re.compile(r"[+\-−<>]?\s?[\d,]*\.?\d+(e[+-]?\d+)?( %)?")


@dataclass(frozen=True)
class Column:
    """One column as it is drawn: its head, its texts by row, whether they end at its right edge, and whether it is a label."""

    head: str
    texts: tuple[Styled, ...]
    justify_right: bool
    is_label: bool

    @property
    def full(self) -> int:
        """Characters of the longest text."""
        return max([len(self.head), *(text.cell_len for text in self.texts)])

    @property
    def least(self) -> int:
        """Characters that keep words whole, and short texts such as a mean with its interval, but not labels, too."""
        parts = [part for text in self.texts for part in text.plain.split("\n")]
        kept = [
            part if len(part) <= LONGEST_VALUE and not self.is_label else max(part.split(), key=len)
            for part in parts
            if part
        ]
        return max(map(len, [*self.head.split(), *kept]), default=1)


def terminal(table: TextTable, width: int) -> Iterator[RenderableType]:
    """The table with its title, caption and notes, for a terminal of `width` characters."""
    from rich.table import Table
    from rich.text import Text as Styled

    if table.title:
        yield Styled(table.title, style="bold")
        yield ""
    columns = _columns(table)
    keys = _keys(table)
    for part in _parts(columns, keys, width):
        yield _drawn(table, part, width)
        yield ""
    if table.caption:
        yield Styled(table.caption)
    notes = Table.grid(padding=(0, 1, 0, 0))
    for note in table.notes:
        notes.add_row("-", Styled(note))
    if table.notes:
        yield notes


def _columns(table: TextTable) -> list[Column]:
    """The first label, as in Markdown, and every text."""
    heads = (*table.label_header[:1], *table.header)
    rows = [
        [*map(_plain, labels[:1]), *(_styled(text, line) for text in line.texts)] for line, labels, _ in table.steps()
    ]
    found, labels = [], len(table.label_header[:1])
    for place, head in enumerate(heads):
        texts = tuple(row[place] for row in rows)
        shown = [text.plain for text in texts if text.plain]
        found.append(Column(head, texts, bool(shown) and all(NUMBER.fullmatch(text) for text in shown), place < labels))
    return found


def _plain(text: str) -> Styled:
    from rich.text import Text as Styled

    return Styled(text)


def _styled(text: Text, line: Line) -> Styled:
    """A text with its mark, the letters of its groups beside it and the published value below."""
    from rich.text import Text as Styled

    styled = Styled(style=KINDS[line.kind])
    styled.append(text.text, MARKS[text.mark])
    if text.groups:
        styled.append(f" {text.groups}", "cyan")
    if text.published:
        styled.append(f"\n{text.parenthesis}", "dim")
    return styled


def _keys(table: TextTable) -> int:
    """How many leading columns tell every row from every other."""
    rows = [[*line.labels[:1], *(text.text for text in line.texts)] for line in table.lines]
    for above, row in itertools.pairwise(rows):
        row[0] = row[0] or above[0]
    for count in range(1, MOST_KEYS + 1):
        keys = [tuple(row[:count]) for row in rows]
        # A running number tells rows apart, and says nothing of them.
        if len(set(keys)) == len(keys) and not all(NUMBER.fullmatch(key[-1]) for key in keys):
            return count
    return min(MOST_KEYS, len(table.header))


def _parts(columns: Sequence[Column], keys: int, width: int) -> Iterator[list[Column]]:
    """The columns in as many parts as the width asks for, the key columns before each."""
    first, rest = list(columns[:keys]), list(columns[keys:])
    part = list(first)
    for column in rest:
        if len(part) > keys and _least([*part, column]) > width:
            yield part
            part = list(first)
        part.append(column)
    yield part


def _least(columns: Sequence[Column]) -> int:
    return sum(column.least + GAP for column in columns) - GAP


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """Characters of each column: what keeps words whole, more where there is room, less where there is not even that."""
    found = [column.least for column in columns]
    room = width - GAP * (len(columns) - 1)
    while sum(found) > room and max(found) > 1:
        found[found.index(max(found))] -= 1
    while sum(found) < room and any(w < column.full for w, column in zip(found, columns, strict=True)):
        # The column nearest to its full width gets the next character, so that as many as possible need one line a row.
        lacking = [
            (column.full - w, i) for i, (w, column) in enumerate(zip(found, columns, strict=True)) if w < column.full
        ]
        found[min(lacking)[1]] += 1
    return found


def _drawn(table: TextTable, columns: Sequence[Column], width: int) -> RenderableType:
    from rich import box
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0), header_style="bold")
    for column, characters in zip(columns, _widths(columns, width), strict=True):
        justify: Literal["left", "right"] = "right" if column.justify_right else "left"
        drawn.add_column(column.head, width=characters, overflow="fold", justify=justify)
    for row, (line, _, same) in enumerate(table.steps()):
        if row and line.labels and same == 0:
            drawn.add_section()
        drawn.add_row(*(column.texts[row] for column in columns))
    return drawn
