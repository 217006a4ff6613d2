"""A score against the number of trainable parameters (Figure 2 of the paper)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from benchmark.plots.style import COLOURS, MARKS, panels
from benchmark.report.floor import floor_and_margin
from benchmark.report.published import is_comparable, published_scores, published_sizes
from benchmark.report.spread import LEVELS, spread_of
from metrics import registry

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SCORE = "context_fid"
WIDTH = 5.6
HOLLOW = "published value, at our size\nwhere no size is published"
EDGE, STEP = 0.02, 0.025
"""Shares of the width: from the left edge to the first control, and from one to the next."""
LINE = 0.155
"""Inches of a line of the legend."""
CONTROL_MARKS = ("+", "x", "1", "2", "3", "4", "|")
"""Marks without an area, which no generator has."""
MEASURED = {"linestyle": "-", "markersize": 5, "elinewidth": 0.8}


def scaling_points(here: pd.DataFrame, sizes: Mapping[str, int]) -> pd.DataFrame:
    """One row a generator from the rows of one setting: family, title, size, mean with its interval, published value and size.

    A published value stands at the published size where there is one (TimeMAR-L), and elsewhere at the size of the generator
    here, since no other is said. `sizes` are the trainable parameters by title, 0 or missing where they are unknown; controls
    learn nothing and are left out.
    """
    import pandas as pd

    rows = []
    for (method, title), part in here[here["size_class"] != "control"].groupby(["generator", "title"], sort=False):
        family = str(method).partition("/")[0]
        setting = (str(part["dataset"].iloc[0]), int(part["length"].iloc[0]))
        published = published_scores().get((SCORE, *setting, str(method))) if is_comparable(part) else None
        parameters = sizes.get(str(title)) or None
        rows.append(
            {
                "family": family,
                "title": str(title),
                "parameters": parameters,
                **_summary(part),
                "published": published.value if published else None,
                "published_parameters": published_sizes().get((setting[0], family), parameters) if published else None,
            }
        )
    columns = ["family", "title", "level", "parameters", "value", "half_width", "published", "published_parameters"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[3:], float))


def control_points(here: pd.DataFrame) -> pd.DataFrame:
    """One row a control with a value: title, the score's mean and its 95 % half-width; and a row "floor" where one is known."""
    import pandas as pd

    controls = here[here["size_class"] == "control"]
    rows = [{"title": str(title), **_summary(part)} for title, part in controls.groupby("title", sort=False)]
    floor, _ = floor_and_margin(here, registry.load(SCORE).info)
    rows += [] if floor is None else [{"title": "floor", "value": floor, "half_width": None, "level": ""}]
    points = pd.DataFrame(rows, columns=["title", "level", "value", "half_width"])
    return points.astype({"value": float, "half_width": float}).dropna(subset=["value"])


def _summary(part: pd.DataFrame) -> dict[str, float | str | None]:
    """Mean, 95 % half-width and what the interval is over, a key of `LEVELS`; empty where there is none."""
    values = part.dropna(subset=["value"])
    if values.empty:
        return {"value": None, "half_width": None, "level": ""}
    spread = spread_of(values)
    level = "" if spread.half_width is None else spread.level
    return {"value": spread.mean, "half_width": spread.half_width, "level": level}


def draw_scaling(points: pd.DataFrame, controls: pd.DataFrame, setting: str) -> Figure:
    """Measured scores as filled marks with 95 % intervals, a family's sizes joined by a line; published ones as hollow marks.

    Controls have no size and stand at the left edge; the floor is a line across.
    """
    from matplotlib.container import ErrorbarContainer

    figure, axes = panels(1, 1, WIDTH, max(3.0, 1.2 + LINE * (points["family"].nunique() + len(controls))))
    panel = axes[0, 0]
    # Before any limits are taken, so that intervals that reach 0 end at the lower edge.
    panel.set(xscale="log", yscale="log")
    for number, (_, family) in enumerate(points.groupby("family", sort=False)):
        look = {"marker": MARKS[number % len(MARKS)], "color": COLOURS[number % len(COLOURS)]}
        measured = family.dropna(subset=["parameters", "value"]).sort_values("parameters")
        hollow = family.dropna(subset=["published", "published_parameters"])
        if measured.empty and hollow.empty:
            continue
        _interval(panel, measured["parameters"], measured, min(family["title"], key=len), {**MEASURED, **look})
        panel.plot(
            hollow["published_parameters"], hollow["published"], linestyle="", fillstyle="none", markersize=5, **look
        )
    sizes = points[["parameters", "published_parameters"]]
    low, high = sizes.min().min() / 2, sizes.max().max() * 2
    band = EDGE + STEP * (controls["title"] != "floor").sum()
    # Set here, because marks at the edge would be taken for sizes of nearly 0; they have a band without sizes.
    panel.set_xlim(low * (low / high) ** (band / (1 - band)), high)
    _controls(panel, controls)
    levels = [level for level in LEVELS if level in {*points["level"], *controls["level"]}]
    over = " or ".join(LEVELS[level].removeprefix("{} ") for level in levels)
    interval = f"measured, 95 % interval over\n{over}" if over else "measured"
    panel.plot([], [], "o", color="0.4", markersize=5, label=interval)
    panel.plot([], [], "o", color="0.4", fillstyle="none", markersize=5, label=HOLLOW)
    info = registry.load(SCORE).info
    panel.set(xlabel="trainable parameters", ylabel=f"{info.title}, lower is better", title=setting)
    panel.grid(which="major", color="0.9", linewidth=0.6)
    handles, labels = panel.get_legend_handles_labels()
    # What was measured first, then the floor and what the marks mean.
    order = sorted(range(len(labels)), key=lambda place: not isinstance(handles[place], ErrorbarContainer))
    panel.legend(
        *([side[i] for i in order] for side in (handles, labels)), loc="center left", bbox_to_anchor=(1.0, 0.5)
    )
    return figure


def _controls(panel: Axes, controls: pd.DataFrame) -> None:
    edge = panel.get_yaxis_transform()  # x is a share of the width, y is data
    shown = controls[controls["title"] != "floor"]
    for number, (_, row) in enumerate(shown.iterrows()):
        mark = CONTROL_MARKS[number % len(CONTROL_MARKS)]
        look = {"marker": mark, "color": "0.35", "transform": edge, **MEASURED, "linestyle": ""}
        _interval(panel, [EDGE + STEP * number], row.to_frame().T, f"{row['title']} (control)", look)
    for value in controls.loc[controls["title"] == "floor", "value"]:
        panel.axhline(value, color="0.35", linestyle=":", linewidth=1.0, label="floor", zorder=0)


def _interval(panel: Axes, x: Any, points: pd.DataFrame, label: str, look: dict[str, Any]) -> None:
    panel.errorbar(x, points["value"].astype(float), points["half_width"].fillna(0).astype(float), label=label, **look)
