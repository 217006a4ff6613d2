"""A suite's table as it stands on the page: score by generator, against the first generator, or over two parameters."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Literal

from benchmark.config.suites import Variant
from benchmark.report.table import NOT_RUN, Block, Entry, Row, Table
from benchmark.report.text_table import Line, Mark, Text, TextTable
from metrics.base import MetricInfo

ARROWS = {True: "↑", False: "↓", None: ""}
MARKS: dict[str, Mark] = {"": "", "best": "bold", "second": "underlined"}
SIZES = {
    "large": "Large (>40M)", "medium": "Medium", "small": "Small (<6M)", "other": "Other", "control": "Controls",
}  # fmt: skip
"""The paper's classes of parameters, largest first, then everything else, controls last."""
DIFFERENCE = (
    "A difference is the value minus the first generator's. By the tests of the letters it lies within the noise (tie), beyond "
    "it (no word), or neither can be told (undecided)."
)


def score_title(info: MetricInfo) -> str:
    """A score's title and its direction."""
    return f"{info.title} {ARROWS[info.higher_is_better]}".strip()


def methods(table: Table) -> TextTable:
    """Scores, size classes and generators down, data sets across, floors below each score (Table 1 of the paper)."""
    lines: list[Line] = []
    for block in table.blocks:
        name = score_title(block.info)
        for row in in_order(block):
            texts = (Text(row.title), *(_text(entry, block) for entry in row.entries))
            lines.append(Line(texts, (name, SIZES[row.size_class]), _kind(row)))
        if any(floor is not None for floor in block.floors):
            floors = ("" if floor is None else _number(floor, block) for floor in block.floors)
            lines.append(Line(tuple(map(Text, ("floor", *floors))), (name, ""), "floor"))
    header = ("generator", *table.column_titles)
    return _made(table, header, lines, ("score", "size"), notes=_reasons(table))


def differences(table: Table) -> TextTable:
    """Every generator's values and what they differ by from the first generator's (Table 3 of the paper)."""
    lines: list[Line] = []
    for block in filter(lambda block: block.rows, table.blocks):
        base = block.rows[0]
        for row in block.rows:
            texts = [Text(row.title)]
            for column, entry in enumerate(row.entries):
                is_compared = row is not base and row.size_class != "control"
                texts += [_text(entry, block), Text(_difference(block, row, column) if is_compared else "")]
            lines.append(Line(tuple(texts), (score_title(block.info),), _kind(row)))
    header = ("generator", *itertools.chain.from_iterable((title, "difference") for title in table.column_titles))
    return _made(table, header, lines, ("score",), DIFFERENCE, _reasons(table))


def grid(table: Table, variants: Sequence[Variant]) -> TextTable:
    """The scores of one generator on one data set over two of its parameters, which all variants set (Table 8 of the paper)."""
    first, second = variants[0].params
    down, across = (dict.fromkeys(_value(v.params[name]) for v in variants) for name in (first, second))
    by_place = {(_value(v.params[first]), _value(v.params[second])): f"{v.generator}/{v.label}" for v in variants}
    entries = {(block.info.name, row.generator): row.entries[0] for block in table.blocks for row in block.rows}

    def text(value: str, other: str, block: Block) -> Text:
        place = (block.info.name, by_place.get((value, other), ""))
        return _text(entries.get(place, Entry(status=NOT_RUN)), block)

    columns = list(itertools.product(across, table.blocks))
    lines = [Line((Text(value), *(text(value, other, block) for other, block in columns))) for value in down]
    header = (f"{first} \\ {second}", *(f"{value}: {block.info.symbol}" for value, block in columns))
    symbols = "; ".join(f"{block.info.symbol} is the {score_title(block.info)}" for block in table.blocks)
    return _made(table, header, lines, extra=f"{symbols}.", notes=_reasons(table))


def in_order(block: Block) -> list[Row]:
    """The rows by size class, in their order within each."""
    return sorted(block.rows, key=lambda row: list(SIZES).index(row.size_class))


def _made(
    table: Table,
    header: tuple[str, ...],
    lines: Iterable[Line],
    labels: tuple[str, ...] = (),
    extra: str = "",
    notes: Iterable[str] = (),
) -> TextTable:
    caption = " ".join(filter(None, (table.caption, table.beside, extra)))
    return TextTable(table.title, header, tuple(lines), labels, caption, (*notes, *table.notes))


def _kind(row: Row) -> Literal["", "control"]:
    return "control" if row.size_class == "control" else ""


def _text(entry: Entry, block: Block) -> Text:
    """Mean ± half-width, or the status where there is no value; beside it the published value and the verdict."""
    if entry.mean is None:
        text = entry.status
    else:
        text = _number(entry.mean, block)
        text += "" if entry.half_width is None else f" ± {_number(entry.half_width, block)}"
    published = ""
    if entry.published is not None:
        # The literature prints three digits at most.
        published = f"{entry.published.value:.{min(block.info.decimals, 3)}f}"
        published += f": {entry.verdict}" if entry.verdict else ""
    return Text(text, MARKS[entry.mark], entry.groups, published)


def _number(value: float, block: Block) -> str:
    return f"{value:.{block.info.decimals}f}"


def _reasons(table: Table) -> list[str]:
    """One line for each distinct reason why a value is missing."""
    found: dict[str, dict[str, None]] = {}
    for block in table.blocks:
        for row in block.rows:
            for title, entry in zip(table.column_titles, row.entries, strict=True):
                if entry.mean is None and entry.reason:
                    found.setdefault(f"{entry.status}: {entry.reason}", {})[f"{row.title} on {title}"] = None
    return [f"{', '.join(settings)} — {reason}" for reason, settings in found.items()]


def _difference(block: Block, row: Row, column: int) -> str:
    """A value minus the first generator's, and what their test says."""
    first = block.rows[0]
    entry, whole = row.entries[column], first.entries[column]
    if entry.mean is None or whole.mean is None:
        return ""
    difference = entry.mean - whole.mean
    text = ("+" if difference >= 0 else "−") + _number(abs(difference), block)
    if entry.n is None or first.size_class == "control":  # costs and distances from a control are told and not judged
        return text
    said = block.said[column].get(frozenset((row.title, first.title)), "undecided")
    return text if said == "different" else f"{text} ({said})"


def _value(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
