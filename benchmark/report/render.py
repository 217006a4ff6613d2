"""A table as GitHub Markdown and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from benchmark.report.text_table import Line, Text, TextTable

MARKS = {"": "{}", "bold": "**{}**", "underlined": "<u>{}</u>"}


def markdown(table: TextTable) -> str:
    """The table with its caption and notes."""
    head = [*table.label_header[:1], *table.header]
    lines = [f"**{table.title}**", ""] if table.title else []
    lines += [_piped(head), "|" + "---|" * len(head)]
    lines += [_piped([*labels[:1], *_texts(line)]) for line, labels, _ in table.steps()]
    below = [*([table.caption] if table.caption else []), *(f"- {note}" for note in table.notes)]
    return "\n".join([*lines, "", *below]).rstrip() + "\n"


def _texts(line: Line) -> Iterable[str]:
    name, *rest = map(_text, line.texts)
    return [f"*{name}*" if line.kind == "control" else name, *rest]


def _text(text: Text) -> str:
    groups = f"<sup>{text.groups}</sup>" if text.groups else ""
    return f"{MARKS[text.mark].format(text.text)}{groups} {text.parenthesis}".strip()


def _piped(texts: Iterable[str]) -> str:
    return "| " + " | ".join(text.replace("|", r"\|") for text in texts) + " |"


def comma_separated(table: TextTable) -> str:
    """Header and rows as CSV, without marks, groups, caption and notes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*table.label_header, *table.header])
    writer.writerows(
        [*line.labels, *(f"{text.text} {text.parenthesis}".strip() for text in line.texts)] for line in table.lines
    )
    return text.getvalue()
