"""A score against the number of trainable parameters (Figure 2 of the paper)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from benchmark.plots.style import COLOURS, MARKS, panels
from benchmark.report.published import is_comparable, published_scores, published_sizes
from metrics import registry

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SCORE = "context_fid"
WIDTH = 5.2
HOLLOW = "published value, at our size\nwhere no size is published"


def scaling_points(frame: pd.DataFrame, sizes: Mapping[str, int], dataset: str, length: int) -> pd.DataFrame:
    """One row a generator on one data set: family, title, parameters, the score's mean, the published value and its size.

    A published value stands at the published size where there is one (TimeMAR-L), and elsewhere at the size of the generator
    here, since no other is said. `sizes` are the trainable parameters by title; controls learn nothing and are left out.
    """
    import pandas as pd

    here = frame[(frame["dataset"] == dataset) & (frame["length"] == length) & (frame["metric"] == SCORE)]
    rows = []
    for (method, title), part in here[here["size_class"] != "control"].groupby(["generator", "title"], sort=False):
        family = str(method).partition("/")[0]
        published = published_scores().get((SCORE, dataset, length, str(method))) if is_comparable(part) else None
        parameters = sizes.get(str(title))
        rows.append(
            {
                "family": family,
                "title": str(title),
                "parameters": parameters,
                "value": part["value"].mean(),
                "published": published.value if published else None,
                "published_parameters": published_sizes().get((dataset, family), parameters) if published else None,
            }
        )
    columns = ["family", "title", "parameters", "value", "published", "published_parameters"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[2:], float))


def draw_scaling(points: pd.DataFrame, setting: str) -> Figure:
    """Measured scores as filled marks, a family's sizes joined by a line; published ones as hollow marks."""
    figure, axes = panels(1, 1, WIDTH, 3.0)
    panel = axes[0, 0]
    for number, (_, family) in enumerate(points.groupby("family", sort=False)):
        colour, mark = COLOURS[number % len(COLOURS)], MARKS[number % len(MARKS)]
        measured = family.dropna(subset=["parameters", "value"]).sort_values("parameters")
        panel.plot(
            measured["parameters"],
            measured["value"],
            "-",
            marker=mark,
            color=colour,
            markersize=5,
            label=min(family["title"], key=len),
        )
        hollow = family.dropna(subset=["published", "published_parameters"])
        if measured.empty and hollow.empty:
            continue
        panel.plot(
            hollow["published_parameters"], hollow["published"], mark, color=colour, fillstyle="none", markersize=5
        )
    panel.plot([], [], "o", color="0.4", markersize=5, label="measured")
    panel.plot([], [], "o", color="0.4", fillstyle="none", markersize=5, label=HOLLOW)
    info = registry.load(SCORE).info
    panel.set(
        xscale="log",
        yscale="log",
        xlabel="trainable parameters",
        ylabel=f"{info.title}, lower is better",
        title=setting,
    )
    panel.grid(which="major", color="0.9", linewidth=0.6)
    panel.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
