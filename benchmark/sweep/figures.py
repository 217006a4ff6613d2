"""A sweep's figures: which parameters matter, and the objective along each and over each pair of them. PNG and PDF."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna

from benchmark.plots import style
from benchmark.plots.origin import Origin
from benchmark.seeds import derive_seed
from benchmark.sweep.loop import Sweep
from benchmark.sweep.space import Choices, Dimension
from benchmark.sweep.study import SharedStudy
from benchmark.sweep.tables import Record, objective_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

FEW_TRIALS = 4
"""Below so many finished trials nothing can be said about importance."""
MOST_PAIRS = 6
COLUMNS = 3
TRIAL, BEST = style.COLOURS[:2]


def write_figures(
    sweep: Sweep, study: SharedStudy, trials: Sequence[Record], folder: Path, origin: Origin
) -> list[Path]:
    """Write `contours`, `importance` and `slices` where enough trials are finished; the paths written."""
    done = [trial for trial in trials if trial["value"] is not None]
    if not done:
        return []
    values = np.array([trial["value"] for trial in done])
    figures: dict[str, Callable[[], Figure]] = {}
    if len(sweep.space.dimensions) > 1:
        figures["contours"] = lambda: _contours(sweep, done, values)
    if len(done) >= FEW_TRIALS and len(set(values)) > 1 and (shares := _importances(sweep, study)):
        figures["importance"] = lambda: _importance(sweep, shares)
    figures["slices"] = lambda: _slices(sweep, done, values)
    return [path for name, draw in figures.items() for path in style.write(draw, folder, name, origin)]


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    """A figure of `count` panels in rows of three."""
    columns = min(count, COLUMNS)
    rows = math.ceil(count / columns)
    figure, axes = style.panels(rows, columns, max(style.SINGLE, style.DOUBLE * columns / COLUMNS), 2.2 * rows)
    for panel in axes.flat[count:]:
        panel.remove()
    return figure, list(axes.flat[:count])


def _importances(sweep: Sweep, study: SharedStudy) -> dict[str, float]:
    """The share of the objective's variance that each parameter explains by itself (fANOVA over a random forest).

    Shares need not sum to 1: the rest is due to parameters together.
    """
    seed = derive_seed("sweep", sweep.spec.name, "importance")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return optuna.importance.get_param_importances(
                study.optuna, evaluator=optuna.importance.FanovaImportanceEvaluator(seed=seed), normalize=False
            )
        except (ValueError, RuntimeError):  # Optuna's refusal of studies where nothing varies
            return {}


def _importance(sweep: Sweep, shares: dict[str, float]) -> Figure:
    figure, axes = style.panels(1, 1, style.SINGLE, 0.7 + 0.3 * len(shares))
    names = list(reversed(shares))
    bars = axes[0, 0].barh(names, [shares[name] for name in names], color=TRIAL, height=0.6)
    axes[0, 0].bar_label(bars, fmt="%.2f", padding=3)
    axes[0, 0].set_xlim(0, 1.1)
    axes[0, 0].set_xlabel(f"share of the variance of {objective_title(sweep)} by one parameter alone", wrap=True)
    return figure


def _slices(sweep: Sweep, done: Sequence[Record], values: np.ndarray) -> Figure:
    figure, panels = _panels(len(sweep.space.dimensions))
    best = int(values.argmax() if sweep.objective.maximise else values.argmin())
    for panel, dimension in zip(panels, sweep.space.dimensions, strict=True):
        x = _coordinates(dimension, done)
        panel.plot(x, values, "o", color=TRIAL, alpha=0.7, markersize=4, label="trial")
        panel.plot(x[best], values[best], "*", color=BEST, markeredgecolor="black", markersize=9, label="best")
        if isinstance(dimension, Choices):
            tried = np.unique(x)
            panel.plot(tried, [values[x == value].mean() for value in tried], "-", color="0.6", zorder=0, label="mean")
        _axis(panel, dimension, "x")
    panels[0].set_ylabel(objective_title(sweep), wrap=True)
    panels[0].legend()
    return figure


def _contours(sweep: Sweep, done: Sequence[Record], values: np.ndarray) -> Figure:
    pairs = list(itertools.combinations(sweep.space.dimensions, 2))[:MOST_PAIRS]
    figure, panels = _panels(len(pairs))
    low, high = float(values.min()), float(values.max())
    # As many decimals in every field as tell the values' spread in hundredths.
    digits = int(np.clip(2 - np.floor(np.log10(high - low)), 0, 6)) if high > low else 3
    shades: dict[str, Any] = {"cmap": "YlGnBu", "vmin": low, "vmax": high}
    shown: ScalarMappable
    for panel, (first, second) in zip(panels, pairs, strict=True):
        x, y = _coordinates(first, done), _coordinates(second, done)
        if isinstance(first, Choices) and isinstance(second, Choices):
            grid = np.full((len(second.values), len(first.values)), np.nan)
            for i, j in {(int(i), int(j)) for i, j in zip(y, x, strict=True)}:
                grid[i, j] = values[(x == j) & (y == i)].mean()
                # The upper part of the map is dark.
                ink = "white" if high > low and (grid[i, j] - low) / (high - low) > 0.6 else "black"
                panel.text(j, i, f"{grid[i, j]:.{digits}f}", ha="center", va="center", color=ink)
            shown = panel.imshow(grid, origin="lower", aspect="auto", alpha=0.75, **shades)
        else:
            if not (isinstance(first, Choices) or isinstance(second, Choices)) and _span_an_area(x, y):
                panel.tricontourf(x, y, values, levels=12, alpha=0.75, **shades)
            shown = panel.scatter(x, y, c=values, s=16, edgecolors="0.3", linewidths=0.6, clip_on=False, **shades)
        _axis(panel, first, "x")
        _axis(panel, second, "y")
    figure.colorbar(shown, ax=panels).set_label(objective_title(sweep), wrap=True)
    return figure


def _span_an_area(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether a triangulation of the points exists."""
    points = np.unique(np.stack([x, y], axis=1), axis=0)
    return len(points) >= 4 and np.linalg.matrix_rank(points - points[0], tol=1e-9) == 2


def _coordinates(dimension: Dimension, done: Sequence[Record]) -> np.ndarray:
    """Each trial's position on a parameter's axis: the index of a choice, or the number itself."""
    chosen = [trial["params"][dimension.name] for trial in done]
    if isinstance(dimension, Choices):
        return np.array([dimension.labels.index(value) for value in chosen])
    return np.array(chosen, dtype=float)


def _axis(panel: Axes, dimension: Dimension, which: str) -> None:
    axis = panel.xaxis if which == "x" else panel.yaxis
    axis.set_label_text(dimension.name)
    if isinstance(dimension, Choices):
        labels = [str(item) for item in dimension.labels]
        axis.set_ticks(list(range(len(labels))), labels)
        if which == "x" and max(map(len, labels)) > 6:
            for text in axis.get_ticklabels():
                text.set(rotation=30, horizontalalignment="right")
    elif dimension.log:
        (panel.set_xscale if which == "x" else panel.set_yscale)("log")
