"""Where generated windows lie among real ones: t-SNE, PCA and density (Figures 4 and 6 of the paper)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.interface import Windows
from benchmark.plots.pair import Pair
from benchmark.plots.style import DOUBLE, GENERATED, REAL, legend_above, panels, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_WINDOWS = 1000
PERPLEXITY = 30.0
STEPS = 500
"""Iterations of t-SNE, half of the customary 1,000: on 2,000 windows of Stocks 61.7 % of the ten nearest neighbors stay near,
against 62.1 %, in half the time."""
MOST_VALUES = 20_000
"""Values of a side, drawn at random, from which its density is estimated."""
GRID = 200
SIDES = (("real", REAL), ("generated", GENERATED))
CLOUDS: tuple[dict[str, Any], ...] = (
    {"marker": "o", "s": 5.0, "facecolors": REAL, "linewidths": 0, "alpha": 0.75},
    {"marker": "^", "s": 7.0, "facecolors": "none", "edgecolors": GENERATED, "linewidths": 0.45, "alpha": 0.8},
)
"""Filled dots and open triangles, dark and light: told apart without color too."""

Points = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Real and generated windows as points (N, 2)."""


@dataclass(frozen=True)
class Embedding:
    """One cell's windows in the plane, by two maps that are the same for both sides, and values of theirs."""

    tsne: Points
    pca: Points
    values: tuple[NDArray[np.float32], NDArray[np.float32]]


def subset(windows: Windows, seed: int) -> Windows:
    """At most 1,000 of the windows (N, T, D), chosen by the seed, in their order."""
    if len(windows) <= MOST_WINDOWS:
        return windows
    chosen = np.random.default_rng(seed).choice(len(windows), MOST_WINDOWS, replace=False)
    return windows[np.sort(chosen)]


def embed(real: Windows, generated: Windows, seed: int) -> Embedding:
    """Windows (N, T, D), flattened to T · D numbers: PCA is fitted to the real ones, t-SNE to both together."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    sides = [subset(side, seed).reshape(-1, real.shape[1] * real.shape[2]) for side in (real, generated)]
    pca = PCA(n_components=2, svd_solver="full").fit(sides[0].astype(np.float64))
    both = np.concatenate(sides).astype(np.float64)
    tsne = TSNE(
        init="pca", perplexity=min(PERPLEXITY, (len(both) - 1) / 3), random_state=seed % 2**32, n_jobs=1, max_iter=STEPS
    )
    plane = tsne.fit_transform(both)
    split = len(sides[0])
    return Embedding(
        (plane[:split], plane[split:]),
        (pca.transform(sides[0]), pca.transform(sides[1])),
        (_values(sides[0], seed), _values(sides[1], seed)),
    )


def _values(windows: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Some of all values, chosen by the seed; every n-th would be of some features only."""
    values = windows.ravel()
    if values.size <= MOST_VALUES:
        return values
    return np.random.default_rng(seed).choice(values, MOST_VALUES, replace=False)


def draw_embeddings(pairs: Sequence[Pair], embeddings: Sequence[Embedding]) -> Figure:
    """t-SNE (first row), PCA (second) and density of all values (third); one column a cell."""
    width = DOUBLE if len(pairs) > 2 else 1.2 + 2.3 * len(pairs)
    figure, axes = panels(3, len(pairs), width, 1.7 * 3 + 0.4)
    for column, (pair, embedding) in enumerate(zip(pairs, embeddings, strict=True)):
        _points(axes[0, column], embedding.tsne)
        _points(axes[1, column], embedding.pca)
        _density(axes[2, column], embedding.values)
        if len(pairs) > 1:
            setting = f"{pair.dataset}, length {pair.record.length}"
            axes[0, column].set_title(wrapped(setting, width / len(pairs)))
    for row, label in enumerate(("t-SNE", "PCA", "density")):
        axes[row, 0].set_ylabel(label)
    figure.supxlabel("value, scaled to [0, 1]", fontsize=8)
    legend_above(figure, axes[0, 0], pairs[0].title if len(pairs) > 1 else pairs[0].heading)
    return figure


def _points(panel: Axes, points: Points) -> None:
    for (label, _), side, look, order in zip(SIDES, points, CLOUDS, (1, 2), strict=True):
        panel.scatter(side[:, 0], side[:, 1], label=label, zorder=order, rasterized=True, **look)
    panel.set(xticks=[], yticks=[])


def _density(panel: Axes, values: tuple[NDArray[np.float32], NDArray[np.float32]]) -> None:
    """Gaussian kernel estimates with Scott's bandwidth, between the smallest and the largest value."""
    from scipy.stats import gaussian_kde

    for (_, colour), side, line in zip(SIDES, values, ("-", "--"), strict=True):
        low, high = float(side.min()), float(side.max())
        if low == high:  # one value has no density
            panel.axvline(low, color=colour, linestyle=line, linewidth=1.2)
            continue
        grid = np.linspace(low, high, GRID)
        density = gaussian_kde(side.astype(np.float64))(grid)
        panel.fill_between(grid, density, color=colour, alpha=0.15, linewidth=0)
        panel.plot(grid, density, color=colour, linestyle=line, linewidth=1.2)
    # Values under `strict` may lie beyond the range of the training windows.
    panel.set(
        xlim=(min(0, *(float(side.min()) for side in values)), max(1, *(float(side.max()) for side in values))),
        yticks=[],
    )
    panel.set_ylim(bottom=0)
