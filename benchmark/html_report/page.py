"""The content as one HTML file: style, script, charts and pictures stand in it, and a policy forbids every request."""

from __future__ import annotations

from pathlib import Path

from benchmark import __version__
from benchmark.html_report.boards import VERDICTS
from benchmark.html_report.charts import Chart
from benchmark.html_report.content import Content
from benchmark.html_report.svg import draw
from benchmark.report.table import NOT_RUN

TEMPLATE = Path(__file__).parent / "template"
MOST_BYTES = 3 * 1024**2
"""What a page may have beside its pictures."""


def page(content: Content) -> str:
    """The page; names from data sets, plug-ins and errors are escaped wherever they stand."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    count = 0

    def chart(one: Chart) -> Markup:
        nonlocal count
        count += 1
        return Markup(draw(one, f"chart-{count}"))  # noqa: S704 - serialized from a tree, which escapes its texts

    def own(name: str) -> Markup:
        return Markup((TEMPLATE / name).read_text(encoding="utf-8"))  # noqa: S704 - a file of this package

    environment.globals.update(chart=chart, own=own, verdict_signs=VERDICTS, not_run=NOT_RUN, version=__version__)
    return environment.get_template("page.html.j2").render(content=content) + "\n"
