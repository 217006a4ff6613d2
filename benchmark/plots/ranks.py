"""Which generator stands where over all data sets: ranks by score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.plots.style import COLOURS, DOUBLE, panels
from benchmark.statistics import ranks as statistics
from metrics import registry

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

COLUMNS = 3


def ranks(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Ranks from 1 (nearest to the score's ideal), one row a generator and one column a setting, equal means sharing a rank.

    Only generators with a value in every setting that has any are ranked, so that all are judged by the same settings; controls
    are left out.
    """
    import pandas as pd

    info = registry.load(metric).info
    part = frame[(frame["metric"] == metric) & (frame["size_class"] != "control")]
    setting = part["dataset"].astype(str) + "-" + part["length"].astype(str)
    means = part["value"].groupby([part["title"], setting], sort=False).mean().unstack()
    losses = (means.dropna(axis="columns", how="all").dropna() - info.ideal).abs()
    return pd.DataFrame(statistics.ranks(losses.to_numpy()), losses.index, losses.columns)


def draw_ranks(frame: pd.DataFrame, metrics: tuple[str, ...]) -> Figure:
    """A panel a score: small dots are the ranks in each setting, the large one their mean; the best stands on top."""
    tables = {name: ranks(frame, name) for name in metrics}
    height = 0.22 * max(map(len, tables.values())) + 0.9
    rows = -(-len(tables) // COLUMNS)
    columns = -(-len(tables) // rows)
    figure, axes = panels(rows, columns, min(DOUBLE, 3.4 * columns), height * rows)
    for panel, (name, table) in zip(axes.flat, tables.items(), strict=False):
        mean = table.mean(axis="columns").sort_values(ascending=False, kind="stable")
        heights = np.arange(len(mean))
        for level, title in zip(heights, mean.index, strict=True):
            panel.plot(
                table.loc[title], np.full(table.shape[1], level), "o", color=COLOURS[0], alpha=0.35, markersize=3
            )
        panel.plot(mean, heights, "o", color=COLOURS[1], markersize=6)
        panel.set_yticks(heights, list(mean.index))
        panel.set_xticks(sorted({1, len(mean), (len(mean) + 1) // 2}))
        panel.set(xlim=(0.7, len(mean) + 0.3), ylim=(-0.6, len(mean) - 0.4), title=registry.load(name).info.title)
        panel.grid(axis="x", color="0.9", linewidth=0.6)
    for panel in axes.flat[len(tables) :]:
        panel.remove()
    fewest, most = (by(table.shape[1] for table in tables.values()) for by in (min, max))
    settings = f"{most} setting{'s' if most > 1 else ''}" if fewest == most else f"{fewest} to {most} settings"
    figure.supxlabel(f"rank over {settings}: each (small), mean (large); 1 is best", fontsize=8)
    return figure
