"""What the page's charts show, before anything is drawn: numbered points, the Pareto front, lines of perfect generators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from benchmark.html_report.boards import measured, number
from benchmark.plots.scaling import SCORE
from benchmark.report.layouts import score_title
from benchmark.report.table import Block, Row, Table

COSTS = ("fit_seconds", "sample_seconds")
"""The costs that quality is drawn against."""
MOST_CHARTS = 120
"""Further charts are left out, so that the page stays small; their tables stand."""


@dataclass(frozen=True)
class Point:
    """One generator: its number in the chart and the table beside it, and its coordinates."""

    number: int
    title: str
    x: float
    y: float
    front: bool = False


@dataclass(frozen=True)
class Line:
    """A value that a reader compares with, across the whole chart."""

    label: str
    value: float


@dataclass(frozen=True)
class Chart:
    """Points over two named axes; `join_front` draws the Pareto front as a line; `vertical` and `horizontal` are lines."""

    title: str
    x_label: str
    y_label: str
    points: tuple[Point, ...]
    join_front: bool = False
    horizontal: tuple[Line, ...] = ()
    vertical: tuple[Line, ...] = ()

    @property
    def text(self) -> str:
        """The chart in a sentence, for readers who do not see it."""
        front = [point.title for point in self.points if point.front]
        best = f" On the Pareto front: {', '.join(front)}." if self.join_front else ""
        return f"{self.title}: {self.y_label} against {self.x_label}, {len(self.points)} generators.{best}"


@dataclass(frozen=True)
class Figure:
    """Charts of one setting with the table that says the same: `rows` hold a number, a generator and its values."""

    setting: str
    title: str
    charts: tuple[Chart, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def pareto(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Whether each (cost, distance from the ideal) is on the Pareto front: no other is as low in both and lower in one."""

    def beats(other: tuple[float, float], one: tuple[float, float]) -> bool:
        return other[0] <= one[0] and other[1] <= one[1] and other != one

    return [not any(beats(other, one) for other in points) for one in points]


def cost_figures(table: Table, settings: tuple[str, ...], costs: tuple[Block, ...]) -> tuple[Figure, ...]:
    """Quality against training and sampling time: a figure for each setting and quality score with two generators or more."""
    paid = [block for block in costs if block.info.name in COSTS]
    found = [
        _cost_figure(block, paid, column, setting)
        for column, setting in enumerate(settings)
        for block in table.blocks
        if _is_quality(block)
    ]
    return _drawn(figure for figure in found if len(figure.rows) > 1)


def _cost_figure(block: Block, costs: list[Block], column: int, setting: str) -> Figure:
    ranked = [row for row in _valued(block, column) if row.size_class != "control"]
    charts: list[Chart] = []
    fronts: list[dict[int, Point]] = []
    for cost in costs:
        spent = {(row.generator, row.title): row.entries[column].mean for row in cost.rows}
        points = [
            Point(index, row.title, seconds, row.entries[column].mean or 0.0)
            for index, row in enumerate(ranked, 1)
            if (seconds := spent.get((row.generator, row.title))) is not None
        ]
        best = pareto([(point.x, abs(point.y - block.info.ideal)) for point in points])
        points = [replace(point, front=front) for point, front in zip(points, best, strict=True)]
        fronts.append({point.number: point for point in points})
        if len(points) > 1:
            title = f"{block.info.title} against {cost.info.title.lower()}, {setting}"
            floor = _floor(block, column)
            charts.append(Chart(title, cost.info.title, _axis(block), tuple(points), join_front=True, horizontal=floor))
    rows = tuple(
        (
            str(index),
            row.title,
            measured(row.entries[column], block.info.decimals),
            *(_cost(front.get(index), cost) for front, cost in zip(fronts, costs, strict=True)),
        )
        for index, row in enumerate(ranked, 1)
    )
    heads = ("No.", "Generator", score_title(block.info), *(cost.info.title for cost in costs))
    return Figure(setting, f"{block.info.title}, {setting}", tuple(charts), heads, rows)


def _cost(point: Point | None, cost: Block) -> str:
    if point is None:
        return ""
    return number(point.x, cost.info.decimals) + (" (front)" if point.front else "")


def memorisation_figures(table: Table, settings: tuple[str, ...]) -> tuple[Figure, ...]:
    """Each memorisation score against fidelity, controls included: copiers stand at good fidelity far from the ideal."""
    quality = [block for block in table.blocks if _is_quality(block)]
    if not quality:
        return ()
    fidelity = next((block for block in quality if block.info.name == SCORE), quality[0])
    found = [
        _memorisation_figure(fidelity, block, column, setting)
        for column, setting in enumerate(settings)
        for block in table.blocks
        if block.info.memorisation
    ]
    return _drawn(figure for figure in found if figure.rows)


def _memorisation_figure(fidelity: Block, block: Block, column: int, setting: str) -> Figure:
    known = {(row.generator, row.title): row.entries[column] for row in fidelity.rows}
    rows: list[tuple[str, ...]] = []
    points: list[Point] = []
    for row in _valued(block, column):
        across, up = known.get((row.generator, row.title)), row.entries[column]
        if across is not None and across.mean is not None and up.mean is not None:
            points.append(Point(len(points) + 1, row.title, across.mean, up.mean))
            texts = (measured(across, fidelity.info.decimals), measured(up, block.info.decimals))
            rows.append((str(len(points)), row.title, *texts))
    title = f"{block.info.title} against {fidelity.info.title}, {setting}"
    ideal = (Line(f"ideal {block.info.ideal:g}", block.info.ideal),)
    chart = Chart(
        title, _axis(fidelity), _axis(block), tuple(points), horizontal=ideal, vertical=_floor(fidelity, column)
    )
    heads = ("No.", "Generator", score_title(fidelity.info), score_title(block.info))
    return Figure(setting, title, (chart,) if len(points) > 1 else (), heads, tuple(rows))


def _drawn(figures: Iterator[Figure]) -> tuple[Figure, ...]:
    """The figures, without charts once there are enough."""
    kept, count = [], 0
    for figure in figures:
        count += len(figure.charts)
        kept.append(figure if count <= MOST_CHARTS else replace(figure, charts=()))
    return tuple(kept)


def _is_quality(block: Block) -> bool:
    return not block.info.memorisation and not block.info.depends_on_machine


def _valued(block: Block, column: int) -> list[Row]:
    return [row for row in block.rows if row.entries[column].mean is not None]


def _floor(block: Block, column: int) -> tuple[Line, ...]:
    floor = block.floors[column]
    return () if floor is None else (Line("floor", floor),)


def _axis(block: Block) -> str:
    info = block.info
    better = {True: "higher is better", False: "lower is better", None: f"ideal {info.ideal:g}"}[info.higher_is_better]
    return f"{info.title}, {better}"
