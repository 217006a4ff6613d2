"""How a generator composes its windows: trend, coarse and fine seasonal part (Figure 5 of the paper)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.plots.pair import Pair
from benchmark.plots.style import COLOURS, DOUBLE, heading_above, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXAMPLES = 3
PARTS = (
    ("windows", "generated", COLOURS[6]),
    ("trend", "trend", COLOURS[0]),
    ("coarse", "coarse\nseasonal", COLOURS[2]),
    ("fine", "fine\nseasonal", COLOURS[1]),
)


def has_parts(generator: object) -> bool:
    """Whether a generator, or those of a class, can say of which parts their windows are made."""
    return callable(getattr(generator, "sample_parts", None))


def draw_decomposition(pair: Pair, generator: Any) -> Figure:
    """Generated windows (columns) and their parts (rows), of the feature whose trend moves most; white noise has hardly any.

    The window is trend + fine part, clipped to [0, 1]; the coarse part guides the fine one and is no summand.
    """
    parts = generator.sample_parts(EXAMPLES, pair.seed("decomposition"))
    feature = int(np.argmax(parts.trend.var(axis=1).mean(axis=0)))
    figure, axes = panels(len(PARTS), EXAMPLES, DOUBLE, 4.2, sharex=True, sharey="row")
    for row, (name, label, colour) in enumerate(PARTS):
        values = getattr(parts, name)[:, :, feature]
        for panel, series in zip(axes[row], values, strict=True):
            panel.plot(series, color=colour)
            if name in ("coarse", "fine"):
                panel.axhline(0, color="0.75", linewidth=0.6, zorder=0)
        axes[row, 0].set_ylabel(label)
    for number, panel in enumerate(axes[0], 1):
        panel.set_title(f"window {number}")
    figure.supxlabel("time step", fontsize=8)
    heading_above(figure, f"{pair.heading_of(1)}: {pair.names[feature]}")
    figure.align_ylabels(axes[:, 0])
    return figure
