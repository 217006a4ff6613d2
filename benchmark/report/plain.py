"""A table of texts, for reports that are no suite's table: as Markdown, LaTeX (booktabs) and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass

from benchmark.report.render import FLOAT_HEAD, FLOAT_TAIL, escape


@dataclass(frozen=True)
class PlainTable:
    """Header and rows of equal width; `bold` holds the (row, column) that stand out, `notes` what a reader must know."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    bold: frozenset[tuple[int, int]] = frozenset()
    notes: tuple[str, ...] = ()


def markdown(table: PlainTable) -> str:
    """The table as GitHub Markdown."""
    lines = [f"**{table.title}**", "", _piped(table.header), "|" + "---|" * len(table.header)]
    lines += [_piped(row) for row in _marked(table, "**{}**")]
    return "\n".join([*lines, "", *(f"- {note}" for note in table.notes)]).rstrip() + "\n"


def latex(table: PlainTable) -> str:
    """The table as a LaTeX float, which needs booktabs and graphicx."""
    lines = [
        *FLOAT_HEAD,
        rf"\begin{{tabular}}{{{'l' * len(table.header)}}}",
        r"\toprule",
        " & ".join(map(escape, table.header)) + r" \\",
        r"\midrule",
        *(" & ".join(row) + r" \\" for row in _marked(table, r"\textbf{{{}}}", escape)),
        r"\bottomrule",
        FLOAT_TAIL,
        rf"\caption{{{escape(table.title)}}}",
        r"\end{table}",
        *(f"% {note}" for note in table.notes),
    ]
    return "\n".join(lines) + "\n"


def comma_separated(table: PlainTable) -> str:
    """Header and rows as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([table.header, *table.rows])
    return text.getvalue()


def _marked(table: PlainTable, mark: str, change: Callable[[str], str] = str) -> list[list[str]]:
    return [
        [mark.format(change(text)) if (r, c) in table.bold else change(text) for c, text in enumerate(row)]
        for r, row in enumerate(table.rows)
    ]


def _piped(texts: tuple[str, ...] | list[str]) -> str:
    return "| " + " | ".join(text.replace("|", r"\|") for text in texts) + " |"
