"""The critical-difference diagram: mean ranks on a line, and bars over generators that cannot be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchmark.plots.style import COLOURS, DOUBLE, panels
from benchmark.report.statistics import ScoreStatistics

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINE = 0.17
"""Inches of a label's line."""


def can_be_drawn(score: ScoreStatistics) -> bool:
    """Whether Nemenyi's test stands behind a diagram of the score."""
    return score.test.p_pairs is not None


def draw_critical(scores: Sequence[ScoreStatistics]) -> Figure:
    """A panel a score (Demšar 2006, figure 1), for scores that `can_be_drawn`: rank 1, the best, on the left."""
    import pandas as pd
    from scikit_posthocs import critical_difference_diagram

    most = max(len(score.generators) for score in scores)
    figure, axes = panels(len(scores), 1, DOUBLE, len(scores) * (LINE * most + 0.9))
    for panel, score in zip(axes[:, 0], scores, strict=True):
        names = list(score.generators)
        critical_difference_diagram(
            pd.Series(score.mean_ranks, index=names),
            pd.DataFrame(np.array(score.test.p_pairs), index=names, columns=names),
            ax=panel,
            label_fmt_left="{label} ({rank:.1f})",
            label_fmt_right="({rank:.1f}) {label}",
            label_props={"fontsize": 7},
            elbow_props={"color": "0.15", "linewidth": 0.5},
            marker_props={"color": COLOURS[0], "s": 12},
            crossbar_props={"color": COLOURS[1], "linewidth": 2},
            text_h_margin=0.05,
        )
        panel.spines["top"].set_visible(True)
        panel.set_title(
            f"{score.title}: mean rank over {len(score.settings)} settings, critical difference "
            f"{score.test.critical_difference:.2f}",
            pad=16,
        )
    return figure
