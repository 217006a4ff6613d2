"""Tables that stand otherwise than score by generator: against the first generator, and over two parameters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

from benchmark.config.suites import Variant
from benchmark.errors import UserError
from benchmark.report.plain import PlainTable
from benchmark.report.render import ARROWS, measured, number, published
from benchmark.report.table import Block, Entry, Table, equivalence


def differences(table: Table) -> PlainTable:
    """Every generator's values and what they differ by from the first generator's (Table 3 of the paper)."""
    header = (
        "score",
        "generator",
        *itertools.chain.from_iterable((title, "difference") for title in table.column_titles),
    )
    rows: list[tuple[str, ...]] = []
    bold: set[tuple[int, int]] = set()
    for block in table.blocks:
        base, name = block.rows[0], _name(block)
        for row in block.rows:
            texts = [name, row.title]
            for entry, whole, margin in zip(row.entries, base.entries, block.margins, strict=True):
                if entry.mark == "best":
                    bold.add((len(rows), len(texts)))
                texts += [
                    _entry(entry, block),
                    "" if row is base or row.size_class == "control" else _difference(entry, whole, margin, block),
                ]
            rows.append(tuple(texts))
            name = ""
    note = (
        "A difference is the value minus the first generator's; "
        "its 95 % interval lies within the noise (tie), beyond it, or neither (undecided)."
    )
    return PlainTable(table.title, header, tuple(rows), frozenset(bold), (_caption(table), note, *table.notes))


def grid(table: Table, variants: Sequence[Variant]) -> PlainTable:
    """The scores of one generator over two of its parameters (Table 8 of the paper); raises UserError for other variants."""
    names = {tuple(variant.params) for variant in variants}
    if len(names) != 1 or len(variants[0].params) != 2 or len(table.columns) != 1:
        raise UserError("the layout 'grid' needs variants that all set the same two parameters, on one data set.")
    first, second = next(iter(names))
    down, across = ([_text(value) for value in _unique(v.params[name] for v in variants)] for name in (first, second))
    by_place = {(_text(v.params[first]), _text(v.params[second])): f"{v.generator}/{v.label}" for v in variants}
    header = (f"{first} \\ {second}", *(f"{value}: {block.info.symbol}" for value in across for block in table.blocks))
    entries = {(block.info.name, row.generator): row.entries[0] for block in table.blocks for row in block.rows}
    rows: list[tuple[str, ...]] = []
    bold: set[tuple[int, int]] = set()
    for value in down:
        texts = [value]
        for other, block in itertools.product(across, table.blocks):
            entry = entries.get((block.info.name, by_place.get((value, other), "")), Entry(status="not planned"))
            if entry.mark == "best":
                bold.add((len(rows), len(texts)))
            texts.append(_entry(entry, block))
        rows.append(tuple(texts))
    symbols = "; ".join(f"{block.info.symbol} is the {_name(block)}" for block in table.blocks)
    notes = (f"{symbols}.", _caption(table), *table.notes)
    return PlainTable(table.title, header, tuple(rows), frozenset(bold), notes)


def _caption(table: Table) -> str:
    """The caption without what these layouts do not show: a table of texts underlines nothing."""
    return table.caption.replace("Best bold, second underlined,", "Best bold,")


def _name(block: Block) -> str:
    return f"{block.info.title} {ARROWS[block.info.higher_is_better][0]}".strip()


def _entry(entry: Entry, block: Block) -> str:
    # The caption says what stands in parentheses, and these tables are wide.
    beside = published(entry, block.info.decimals).replace("published ", "")
    return f"{measured(entry, block.info.decimals)} {beside}".strip()


def _difference(entry: Entry, whole: Entry, margin: float, block: Block) -> str:
    if entry.mean is None or whole.mean is None:
        return ""
    difference = entry.mean - whole.mean
    spread = math.hypot(entry.half_width or 0.0, whole.half_width or 0.0)
    text = ("+" if difference >= 0 else "−") + number(abs(difference), block.info.decimals)
    known = entry.half_width is not None and whole.half_width is not None
    said = equivalence(difference, spread, margin) if known else "undecided"
    return text if said == "different" else f"{text} ({said})"


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _unique(values: Iterable[object]) -> list[object]:
    found: list[object] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found
