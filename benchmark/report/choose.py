"""What of a table is shown: its published values, its controls, its digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from benchmark.report.table import Block, Entry, Row, Table


def without_published(table: Table) -> Table:
    """The table with measured values alone."""

    def bare(entry: Entry) -> Entry:
        return replace(entry, published=None, verdict=None)

    shown = _rows(table, lambda block: [replace(row, entries=tuple(map(bare, row.entries))) for row in block.rows])
    return replace(shown, beside="")


def without_controls(table: Table) -> Table:
    """The table without the rows of controls; the floors that they gave stay."""
    return _rows(table, lambda block: [row for row in block.rows if row.size_class != "control"])


def with_digits(table: Table, digits: int) -> Table:
    """The table with that many digits after the point for every score."""
    blocks = tuple(replace(block, info=replace(block.info, decimals=digits)) for block in table.blocks)
    return replace(table, blocks=blocks)


def _rows(table: Table, change: Callable[[Block], list[Row]]) -> Table:
    return replace(table, blocks=tuple(replace(block, rows=tuple(change(block))) for block in table.blocks))
