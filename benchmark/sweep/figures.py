"""A sweep's figures: which parameters matter, the objective along each, and over each pair. PNG and PDF."""

from __future__ import annotations

import io
import itertools
import math
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.seeds import derive_seed
from benchmark.store.files import write_bytes
from benchmark.sweep.loop import Sweep
from benchmark.sweep.space import Choices, Dimension
from benchmark.sweep.study import quiet
from benchmark.sweep.tables import objective_title, records

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

FEW_TRIALS = 4
"""Below so many finished trials nothing can be said about importance."""
MOST_PAIRS = 6
COLUMNS = 3
MARK = "#1f5f8b"
BEST = "#c8442b"


def write_figures(sweep: Sweep, folder: Path) -> list[Path]:
    """Write `importance`, `slices` and `contours` where enough trials are finished; the paths written."""
    done = [record for record in records(sweep) if record["value"] is not None]
    if not done:
        return []
    figures = {"slices": _slices(sweep, done)}
    if len(sweep.space.dimensions) > 1:
        figures["contours"] = _contours(sweep, done)
    importances = _importances(sweep) if len(done) >= FEW_TRIALS and len({r["value"] for r in done}) > 1 else {}
    if importances:
        figures["importance"] = _importance(sweep, importances)
    written = []
    for name, figure in sorted(figures.items()):
        for kind, options in (("png", {"dpi": 150}), ("pdf", {"metadata": {"CreationDate": None}})):
            data = io.BytesIO()
            figure.savefig(data, format=kind, **options)
            write_bytes(folder / f"{name}.{kind}", data.getvalue())
            written.append(folder / f"{name}.{kind}")
    return written


def _figure(count: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """A figure of `count` panels in rows of three, made without the library's global state."""
    from matplotlib.figure import Figure

    columns = min(count, COLUMNS)
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    panels = [figure.add_subplot(rows, columns, i + 1) for i in range(count)]
    for panel in panels:
        panel.spines[["top", "right"]].set_visible(False)
    return figure, panels


def _importances(sweep: Sweep) -> dict[str, float]:
    """The share of the objective's variance that each parameter explains (fANOVA over a random forest)."""
    import optuna

    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        evaluator = optuna.importance.FanovaImportanceEvaluator(
            seed=derive_seed("sweep", sweep.spec.name, "importance")
        )
        try:
            return optuna.importance.get_param_importances(sweep.book.study, evaluator=evaluator)
        except (ValueError, RuntimeError):  # Optuna's refusal of studies where nothing varies
            return {}


def _importance(sweep: Sweep, shares: dict[str, float]) -> Figure:
    figure, (panel,) = _figure(1, 5.0, 0.8 + 0.45 * len(shares))
    names = list(reversed(shares))
    bars = panel.barh(names, [shares[name] for name in names], color=MARK, height=0.6)
    panel.bar_label(bars, fmt="%.2f", padding=3)
    panel.set_xlim(0, 1.1)
    panel.set_xlabel(f"share of the variance of {objective_title(sweep)}", wrap=True)
    return figure


def _slices(sweep: Sweep, done: list[dict[str, Any]]) -> Figure:
    figure, panels = _figure(len(sweep.space.dimensions), 3.6, 3.0)
    values = np.array([record["value"] for record in done])
    best = int(values.argmax() if sweep.objective.maximise else values.argmin())
    for panel, dimension in zip(panels, sweep.space.dimensions, strict=True):
        places = _places(dimension, done)
        panel.plot(places, values, "o", color=MARK, alpha=0.7, markersize=5, label="trial")
        panel.plot(places[best], values[best], "o", color=BEST, markersize=7, label="best")
        if isinstance(dimension, Choices):
            means = [
                values[places == place].mean() if (places == place).any() else np.nan for place in _ticks(dimension)
            ]
            panel.plot(_ticks(dimension), means, "-", color="0.6", zorder=0, label="mean")
        _axis(panel, dimension, "x")
    panels[0].set_ylabel(objective_title(sweep), wrap=True)
    panels[0].legend(frameon=False, fontsize="small")
    return figure


def _contours(sweep: Sweep, done: list[dict[str, Any]]) -> Figure:
    pairs = list(itertools.combinations(sweep.space.dimensions, 2))[:MOST_PAIRS]
    figure, panels = _figure(len(pairs), 4.2, 3.4)
    values = np.array([record["value"] for record in done])
    low, high = float(values.min()), float(values.max())
    # As many decimals in every field as tell the values' spread in hundredths.
    digits = int(np.clip(2 - np.floor(np.log10(high - low)), 0, 6)) if high > low else 3
    colours: dict[str, Any] = {"cmap": "YlGnBu", "vmin": low, "vmax": high}
    shade: ScalarMappable | None = None
    for panel, (first, second) in zip(panels, pairs, strict=True):
        x, y = _places(first, done), _places(second, done)
        if isinstance(first, Choices) and isinstance(second, Choices):
            grid = np.full((len(second.values), len(first.values)), np.nan)
            for i, j in itertools.product(_ticks(second), _ticks(first)):
                here = (x == j) & (y == i)
                if here.any():
                    grid[i, j] = values[here].mean()
                    ink = _ink(grid[i, j], low, high)
                    panel.text(j, i, f"{grid[i, j]:.{digits}f}", ha="center", va="center", fontsize="small", color=ink)
            shade = panel.imshow(grid, origin="lower", aspect="auto", alpha=0.75, **colours)
        else:
            if not (isinstance(first, Choices) or isinstance(second, Choices)) and _spread(x, y):
                panel.tricontourf(x, y, values, levels=12, alpha=0.75, **colours)
            shade = panel.scatter(x, y, c=values, edgecolors="0.3", linewidths=0.6, clip_on=False, **colours)
        _axis(panel, first, "x")
        _axis(panel, second, "y")
    if shade is not None:
        figure.colorbar(shade, ax=panels).set_label(objective_title(sweep), wrap=True)
    return figure


def _ink(value: float, low: float, high: float) -> str:
    """A colour that can be read on a value's shade: the upper part of the map is dark."""
    return "white" if high > low and (value - low) / (high - low) > 0.6 else "black"


def _spread(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether points span an area, as a triangulation needs."""
    points = np.unique(np.stack([x, y], axis=1), axis=0)
    return len(points) >= 4 and np.linalg.matrix_rank(points - points[0], tol=1e-9) == 2


def _ticks(dimension: Choices) -> range:
    return range(len(dimension.values))


def _places(dimension: Dimension, done: list[dict[str, Any]]) -> np.ndarray:
    """Where each trial lies on a parameter's axis: the position of a choice, or the number itself."""
    chosen = [record["params"][dimension.name] for record in done]
    if isinstance(dimension, Choices):
        return np.array([dimension.labels.index(value) for value in chosen])
    return np.array(chosen, dtype=float)


def _axis(panel: Axes, dimension: Dimension, which: str) -> None:
    axis = panel.xaxis if which == "x" else panel.yaxis
    axis.set_label_text(dimension.name)
    if isinstance(dimension, Choices):
        labels = [str(item) for item in dimension.labels]
        axis.set_ticks(list(_ticks(dimension)), labels)
        if which == "x" and max(map(len, labels)) > 6:
            for text in axis.get_ticklabels():
                text.set(rotation=30, horizontalalignment="right")
    elif dimension.log:
        (panel.set_xscale if which == "x" else panel.set_yscale)("log")
