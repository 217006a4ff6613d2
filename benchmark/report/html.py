"""Tables as one HTML page that needs nothing else: no script, no font, no address."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from benchmark.report.plain import PlainTable
from benchmark.report.render import ARROWS, floors, in_order, measured, published, reasons
from benchmark.report.table import Block, Entry, Row, Table

STYLE = """body{font:15px/1.45 system-ui,sans-serif;margin:2rem;color:#222}table{border-collapse:collapse;margin:1rem 0}
th,td{padding:.25rem .7rem;text-align:left;white-space:nowrap}thead th{border-bottom:2px solid #222}
tr.first td{border-top:1px solid #999}tr.control td,tr.floor td{color:#555;font-style:italic}small{color:#555}
p{max-width:60rem}"""


def html(table: Table) -> str:
    """A suite's table as a page."""
    head = ("score", "size", "generator", *table.column_titles)
    body = [line for block in table.blocks for line in _block(block)]
    return page(table.title, head, body, (table.caption, *reasons(table), *table.notes))


def plain_html(table: PlainTable) -> str:
    """A table of texts as a page."""
    body = [
        _line("", [_strong(escape(text), (r, c) in table.bold) for c, text in enumerate(row)])
        for r, row in enumerate(table.rows)
    ]
    return page(table.title, table.header, body, table.notes)


def page(title: str, head: Iterable[str], body: Iterable[str], notes: Iterable[str]) -> str:
    """A whole document: heading, one table of ready lines, and notes."""
    cells = "".join(f"<th>{escape(text)}</th>" for text in head)
    lines = [
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>\n<h1>{escape(title)}</h1>",
        f"<table>\n<thead><tr>{cells}</tr></thead>\n<tbody>",
        *body,
        "</tbody>\n</table>",
        *(f"<p>{escape(note)}</p>" for note in notes),
        "</body>\n</html>",
    ]
    return "\n".join(lines) + "\n"


def _block(block: Block) -> Iterable[str]:
    name = escape(f"{block.info.title} {ARROWS[block.info.higher_is_better][0]}".strip())
    for number, row in enumerate(in_order(block)):
        kind = " ".join(
            filter(None, ("first" if number == 0 else "", "control" if row.size_class == "control" else ""))
        )
        yield _line(kind, [name if number == 0 else "", escape(_size(row)), escape(row.title), *_entries(row, block)])
    if floors(block):
        yield _line("floor", ["", "", "floor", *floors(block)])


def _size(row: Row) -> str:
    return "" if row.size_class == "other" else row.size_class


def _entries(row: Row, block: Block) -> Iterable[str]:
    for entry in row.entries:
        text = escape(measured(entry, block.info.decimals))
        beside = escape(published(entry, block.info.decimals))
        yield _marked(text, entry) + (f" <small>{beside}</small>" if beside else "")


def _marked(text: str, entry: Entry) -> str:
    return {"best": f"<strong>{text}</strong>", "second": f"<u>{text}</u>", "": text}[entry.mark]


def _strong(text: str, bold: bool) -> str:
    return f"<strong>{text}</strong>" if bold else text


def _line(kind: str, cells: Iterable[str]) -> str:
    attribute = f' class="{kind}"' if kind else ""
    return f"<tr{attribute}>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
