"""A table as one HTML page that needs nothing else: no script, no font, no address."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from benchmark.report.text_table import Text, TextTable

STYLE = """body{font:15px/1.45 system-ui,sans-serif;margin:2rem;color:#222}table{border-collapse:collapse;margin:1rem 0}
th,td{padding:.25rem .7rem;text-align:left;white-space:nowrap}thead th{border-bottom:2px solid #222}
tr.first td{border-top:1px solid #999}tr.control td,tr.floor td{color:#555;font-style:italic}small{color:#555}
sup{line-height:0}p{max-width:60rem}"""
MARKS = {"": "{}", "bold": "<strong>{}</strong>", "underlined": "<u>{}</u>"}


def html(table: TextTable) -> str:
    """A whole document: heading, table, caption and notes."""
    lines = [
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">',
        f"<title>{escape(table.title)}</title><style>{STYLE}</style></head>\n<body>\n<h1>{escape(table.title)}</h1>",
        fragment(table),
        "</body>\n</html>",
    ]
    return "\n".join(lines) + "\n"


def fragment(table: TextTable) -> str:
    """The table, its caption and its notes for a page with a style of its own, such as a notebook."""
    cells = "".join(f"<th>{escape(text)}</th>" for text in (*table.label_header, *table.header))
    lines = [
        f"<table>\n<thead><tr>{cells}</tr></thead>\n<tbody>",
        *_lines(table),
        "</tbody>\n</table>",
        *(f"<p>{escape(text)}</p>" for text in (table.caption, *table.notes) if text),
    ]
    return "\n".join(lines)


def _lines(table: TextTable) -> Iterable[str]:
    for line, labels, same in table.steps():
        kinds = " ".join(filter(None, ("first" if labels and same == 0 else "", line.kind)))
        attribute = f' class="{kinds}"' if kinds else ""
        cells = "".join(f"<td>{cell}</td>" for cell in (*map(escape, labels), *map(_text, line.texts)))
        yield f"<tr{attribute}>{cells}</tr>"


def _text(text: Text) -> str:
    groups = f"<sup>{escape(text.groups)}</sup>" if text.groups else ""
    beside = f" <small>{escape(text.parenthesis)}</small>" if text.published else ""
    return MARKS[text.mark].format(escape(text.text)) + groups + beside
