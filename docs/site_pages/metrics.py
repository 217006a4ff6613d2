"""The metrics' page: every metric's facts from its class."""

from __future__ import annotations

import inspect

from benchmark.plan.keys import SCORES
from metrics import registry
from metrics.base import Metric, MetricInfo
from site_pages.markdown import literal, number, table

COUNTS = {"Stocks": 3_662, "Sines": 10_000}
"""Windows by data set at length 24, for which floors are printed."""


def text() -> str:
    """All metrics as Markdown."""
    found = {name: registry.load(name) for name in registry.names()}
    stages = [SCORES.load(name) for name in SCORES.names() if name not in found]
    counts = " and ".join(f"{n:,} windows of {name}" for name, n in COUNTS.items())
    return "\n".join(
        [
            "↓: smaller is better; ↑: larger is better; →: nearest to the ideal is best. The floor is the expected score of a "
            f"perfect generator, here with the {counts} at length 24; without a formula the control `oracle` measures it.\n",
            table(
                ("name", "title", "range", "ideal", *[f"floor, {name}" for name in COUNTS]),
                [_line(cls) for cls in found.values()],
            ),
            *[_section(name, cls) for name, cls in found.items()],
            "## Scores of stages\n",
            *[f"{literal(info.name)}: {info.summary}. Source: {info.source}.\n" for info in stages],
        ]
    )


def _line(cls: type[Metric]) -> tuple[str, ...]:
    info = cls.info
    floors = [_floor(cls, n) for n in COUNTS.values()]
    anchor = f"[{literal(info.name)}](#{info.name.replace('_', '-')})"
    return (anchor, f"{info.title} {_direction(info)}", _range(info), number(info.ideal), *floors)


def _section(name: str, cls: type[Metric]) -> str:
    info = cls.info
    given = inspect.signature(cls).parameters.values()
    rows = [
        ("title", f"{info.title}, in narrow columns {info.symbol}"),
        ("direction", _direction(info)),
        (
            "range",
            f"{_range(info)}, ideal {number(info.ideal)}" + ("" if info.reachable else ", which no generator reaches"),
        ),
        ("cost", "passes over the arrays" if info.cost == "light" else "trains networks or trees"),
        ("needs", f"{cls.min_windows} windows, T ≥ {cls.min_steps}, D ≥ {cls.min_features}"),
        ("tells copies from new windows", "yes" if info.memorisation else "no"),
        ("parameters", ", ".join(literal(f"{p.name} = {p.default!r}") for p in given) or "none"),
        (
            "second implementation",
            ", ".join(kind for kind, names in registry.BACKENDS.items() if name in names) or "none",
        ),
        ("source", info.source),
        ("version", str(info.version)),
    ]
    return f"({name.replace('_', '-')})=\n## {name}\n\n{inspect.getdoc(cls)}\n\n{table(('', info.summary), rows)}"


def _direction(info: MetricInfo) -> str:
    return {True: "↑", False: "↓", None: "→"}[info.higher_is_better]


def _range(info: MetricInfo) -> str:
    return "\u00a0… ".join(number(end) for end in info.range)


def _floor(cls: type[Metric], n: int) -> str:
    floor = cls().floor(n)
    return "by `oracle`" if floor is None else f"{floor:.4g}"
