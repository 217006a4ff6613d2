"""Charts as SVG inside the page, drawn by matplotlib: no script, sharp in print, in the page's own colors in the dark.

Of the libraries that draw charts inside a file, Plotly's script alone is larger than the page may be, Bokeh's (1 MB) draws on a
canvas whose colors neither print nor the dark changes, and Vega's needs a second runtime. Matplotlib draws the project's other
figures already; its colors become CSS variables here, and each point has its name as a title that pointers and readers find.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree

from benchmark.html_report.charts import Chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
SIZE = (4.6, 3.3)
"""Inches of 72 units."""
SETTINGS: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "timemar", "font.size": 9, "axes.labelsize": 9}
INK, POINT, PAPER, RULE = "#010101", "#020202", "#030303", "#040404"
"""Colors that stand for variables of the page's style until they are replaced."""
VARIABLES = {INK: "var(--ink)", POINT: "var(--point)", PAPER: "var(--paper)", RULE: "var(--rule)"}
LOGARITHMIC_FROM = 20
"""The ratio of the largest to the smallest value from which an axis is logarithmic."""


def draw(chart: Chart, name: str) -> str:
    """The chart as an `svg` element whose identifiers begin with `name`, which no other chart of the page may have."""
    import matplotlib
    from matplotlib.figure import Figure

    from benchmark.plots.style import style

    with style(), matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=SIZE, layout="constrained")
        panel = figure.subplots()
        _draw(panel, chart)
        data = io.BytesIO()
        figure.savefig(data, format="svg", transparent=True, metadata={"Date": None})
    return inline(data.getvalue().decode(), name, chart)


def _draw(panel: Axes, chart: Chart) -> None:
    _scale(panel, "x", [*(point.x for point in chart.points), *(line.value for line in chart.vertical)])
    _scale(panel, "y", [*(point.y for point in chart.points), *(line.value for line in chart.horizontal)])
    for line in chart.horizontal:
        panel.axhline(line.value, color=RULE, linestyle="--", linewidth=0.9)
        panel.annotate(line.label, (1, line.value), xycoords=("axes fraction", "data"), xytext=(-2, 2),
                       textcoords="offset points", ha="right", color=RULE, fontsize=8)  # fmt: skip
    for line in chart.vertical:
        panel.axvline(line.value, color=RULE, linestyle="--", linewidth=0.9)
        panel.annotate(line.label, (line.value, 1), xycoords=("data", "axes fraction"), xytext=(2, -8),
                       textcoords="offset points", color=RULE, fontsize=8)  # fmt: skip
    if chart.join_front:
        front = sorted((point.x, point.y) for point in chart.points if point.front)
        panel.plot([x for x, _ in front], [y for _, y in front], color=POINT, linewidth=1.2, zorder=1)
    for point in chart.points:
        filled = point.front or not chart.join_front
        panel.plot([point.x], [point.y], "o", markersize=11, markeredgecolor=POINT, markeredgewidth=1.1, zorder=2,
                   markerfacecolor=POINT if filled else PAPER, gid=f"point-{point.number}")  # fmt: skip
        panel.annotate(str(point.number), (point.x, point.y), ha="center", va="center_baseline", fontsize=7,
                       color=PAPER if filled else INK, zorder=3)  # fmt: skip
    panel.set_xlabel(chart.x_label, color=INK)
    panel.set_ylabel(chart.y_label, color=INK)
    panel.tick_params(which="both", color=INK, labelcolor=INK)
    for spine in panel.spines.values():
        spine.set_color(INK)
    panel.margins(0.09)


def _scale(panel: Axes, direction: Literal["x", "y"], values: list[float]) -> None:
    """A logarithmic axis for values, points' and lines', that are positive and of many sizes; with plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    axis = {"x": panel.xaxis, "y": panel.yaxis}[direction]
    low, high = min(values), max(values)
    if low > 0 and high / low >= LOGARITHMIC_FROM:
        {"x": panel.set_xscale, "y": panel.set_yscale}[direction]("log")
        axis.set_major_locator(LogLocator(subs=(1.0,) if math.log10(high / low) > 2 else (1.0, 3.0)))
        axis.set_minor_locator(NullLocator())
    else:
        axis.set_major_locator(MaxNLocator(5))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def inline(text: str, name: str, chart: Chart) -> str:
    """A file of matplotlib's as an element of a page: no namespaces or foreign styles, the page's colors, unique identifiers."""
    root = ElementTree.fromstring(text)  # noqa: S314 - written by matplotlib a moment ago
    titles = {f"point-{point.number}": point.title for point in chart.points}
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] == "metadata" or (
                child.tag == f"{SVG}defs" and child.find(f"{SVG}style") is not None
            ):
                parent.remove(child)
    named = {part.get(LINK, "")[1:] for part in root.iter() if part.get(LINK)}
    for part in root.iter():
        part.tag = part.tag.removeprefix(SVG)
        if (title := titles.get(part.get("id", ""))) is not None:
            label = ElementTree.Element(f"{SVG}title")
            label.text = title
            part.insert(0, label)
        _attributes(part, name, named)
    root.attrib = {"viewBox": root.get("viewBox", ""), "role": "img", "aria-label": chart.text, "class": "chart"}
    return ElementTree.tostring(root, encoding="unicode")


def _attributes(part: ElementTree.Element, name: str, named: set[str]) -> None:
    identifier = part.attrib.pop("id", None)
    if identifier is not None and (identifier in named or part.tag == "clipPath"):
        part.set("id", f"{name}-{identifier}")
    if (link := part.attrib.pop(LINK, None)) is not None:
        part.set("href", f"#{name}-{link[1:]}")
    if clip := part.get("clip-path"):
        part.set("clip-path", clip.replace("url(#", f"url(#{name}-"))
    if drawn := part.get("style"):
        for color, variable in VARIABLES.items():
            drawn = drawn.replace(color, variable)
        part.set("style", drawn)
