"""Windows as they are, and how their values hang together in time: examples, autocorrelation, spectrum."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.interface import Windows
from benchmark.plots.embedding import SIDES, subset
from benchmark.plots.pair import Pair, some_features
from benchmark.plots.style import DOUBLE, SINGLE, heading_above, legend_above, panels, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_FEATURES = 6
EXAMPLES = 5
AXIS = 0.5
"""Inches of the labels left of all panels."""
LEGEND = 4.6
"""Inches of a legend of two curves in one line."""
BAND = (0.1, 0.9)
"""The quantiles over windows between which a band lies."""


def autocorrelations(windows: Windows) -> NDArray[np.float64]:
    """The sample autocorrelation of each window (N, T, D) at lags 0 … T − 1: (N, T, D); NaN where a window is constant.

    r_k = Σ_t (x_t − x̄)(x_{t+k} − x̄) / Σ_t (x_t − x̄)², x̄ the window's own mean (Box and Jenkins, section 2.1.5).
    """
    T = windows.shape[1]
    centred = windows.astype(np.float64) - windows.mean(axis=1, keepdims=True, dtype=np.float64)
    power = (centred**2).sum(axis=1, keepdims=True)
    sums = np.stack([(centred[:, : T - k] * centred[:, k:]).sum(axis=1) for k in range(T)], axis=1)
    correlations: NDArray[np.float64] = np.divide(sums, power, out=np.full_like(sums, np.nan), where=power > 1e-10)
    return correlations


def spectra(windows: Windows) -> NDArray[np.float64]:
    """The power of each window (N, T, D) at the frequencies 1/T … ½ a step: (N, T // 2, D); white noise has its variance."""
    power: NDArray[np.float64] = np.abs(np.fft.rfft(windows.astype(np.float64), axis=1)[:, 1:]) ** 2 / windows.shape[1]
    return power


def draw_examples(pair: Pair) -> Figure:
    """A few real windows above a few generated ones, by feature, on the same scale."""
    chosen = some_features(pair.names, MOST_FEATURES)
    width = _width(len(chosen))
    figure, axes = panels(2, len(chosen), width, 2.8, sharex=True, sharey="col")
    rng = np.random.default_rng(pair.seed("examples"))
    for row, ((label, colour), windows) in enumerate(zip(SIDES, (pair.real, pair.generated), strict=True)):
        shown = windows[np.sort(rng.choice(len(windows), min(EXAMPLES, len(windows)), replace=False))]
        for panel, feature in zip(axes[row], chosen, strict=True):
            panel.plot(shown[:, :, feature].T, color=colour, alpha=0.8, linewidth=0.8)
        axes[row, 0].set_ylabel(label)
    for panel, feature in zip(axes[0], chosen, strict=True):
        panel.set_title(wrapped(pair.names[feature], (width - AXIS) / len(chosen)))
    figure.supxlabel("time step", fontsize=8)
    heading_above(figure, pair.heading_of(len(chosen)))
    return figure


def draw_autocorrelation(pair: Pair) -> Figure:
    """Mean autocorrelation over windows, with the band that holds four windows of five, by feature."""
    lags = np.arange(pair.real.shape[1])
    return _curves(
        pair, lags, tuple(autocorrelations(side) for side in _sides(pair)), "lag, time steps", "autocorrelation"
    )


def draw_spectrum(pair: Pair) -> Figure:
    """Mean power over windows, with the band that holds four windows of five, by feature."""
    T = pair.real.shape[1]
    frequencies = np.arange(1, T // 2 + 1) / T
    # The drawn floor, far below any power of values rounded to 32 bits, keeps constant windows on the logarithmic axis.
    found = tuple(np.maximum(spectra(side), 1e-10) for side in _sides(pair))
    figure = _curves(pair, frequencies, found, "frequency, 1 / time step", "power")
    for panel in figure.axes:
        panel.set_yscale("log", subs=[])
    return figure


def _sides(pair: Pair) -> tuple[Windows, Windows]:
    seed = pair.seed("curves")
    return subset(pair.real, seed), subset(pair.generated, seed)


def _curves(pair: Pair, x: NDArray[Any], sides: tuple[NDArray[np.float64], ...], xlabel: str, ylabel: str) -> Figure:
    chosen = some_features(pair.names, MOST_FEATURES)
    columns = min(3, len(chosen))
    rows = math.ceil(len(chosen) / columns)
    width = max(_width(columns * 2), LEGEND)
    figure, axes = panels(rows, columns, width, 1.6 * rows + 0.7, sharex=True)
    for panel, feature in zip(axes.flat, chosen, strict=False):
        for (label, colour), curves, line in zip(SIDES, sides, ("-", "--"), strict=True):
            _band(panel, x, curves[:, :, feature], label, colour, line)
        panel.set_title(wrapped(pair.names[feature], (width - AXIS) / columns))
    for panel in axes.flat[len(chosen) :]:
        panel.remove()
    for panel in axes.flat[max(0, len(chosen) - columns) : len(chosen)]:
        panel.tick_params(labelbottom=True)
    figure.supxlabel(xlabel, fontsize=8)
    figure.supylabel(ylabel, fontsize=8)
    # A constant feature has no curve on one side or on both.
    fullest = max(axes.flat[: len(chosen)], key=lambda panel: len(panel.get_legend_handles_labels()[1]))
    legend_above(figure, fullest, pair.heading_of(len(chosen)))
    return figure


def _band(panel: Axes, x: NDArray[Any], curves: NDArray[np.float64], label: str, colour: str, line: str) -> None:
    curves = curves[np.isfinite(curves).all(axis=1)]
    if not len(curves):
        return
    low, high = np.quantile(curves, BAND, axis=0)
    panel.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
    panel.plot(x, curves.mean(axis=0), line, color=colour, label=f"{label} (mean, 10 to 90 % of windows)")


def _width(columns: int) -> float:
    return min(DOUBLE, max(SINGLE, 1.0 + 1.2 * columns))
