"""Where generated windows lie among real ones: t-SNE, PCA and density (Figures 4 and 6 of the paper)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.interface import Windows
from benchmark.plots.pair import Pair
from benchmark.plots.style import DOUBLE, GENERATED, REAL, legend_above, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_WINDOWS = 1000
PERPLEXITY = 30.0
SIDES = (("real", REAL), ("generated", GENERATED))

Points = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Real and generated windows as points (N, 2)."""


@dataclass(frozen=True)
class Embedding:
    """One cell's windows in the plane, by two maps that are the same for both sides, and all their values."""

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
    tsne = TSNE(init="pca", perplexity=min(PERPLEXITY, (len(both) - 1) / 3), random_state=seed % 2**32, n_jobs=1)
    plane = tsne.fit_transform(both)
    split = len(sides[0])
    return Embedding(
        (plane[:split], plane[split:]),
        (pca.transform(sides[0]), pca.transform(sides[1])),
        (sides[0].ravel(), sides[1].ravel()),
    )


def draw_embeddings(pairs: Sequence[Pair], embeddings: Sequence[Embedding]) -> Figure:
    """t-SNE (first row), PCA (second) and density of all values (third); one column a cell."""
    width = DOUBLE if len(pairs) > 2 else 1.2 + 2.3 * len(pairs)
    figure, axes = panels(3, len(pairs), width, 1.7 * 3 + 0.4)
    for column, (pair, embedding) in enumerate(zip(pairs, embeddings, strict=True)):
        _points(axes[0, column], embedding.tsne)
        _points(axes[1, column], embedding.pca)
        _density(axes[2, column], embedding.values)
        if len(pairs) > 1:
            axes[0, column].set_title(f"{pair.dataset}, length {pair.record['length']}")
    for row, label in enumerate(("t-SNE", "PCA", "density")):
        axes[row, 0].set_ylabel(label)
    figure.supxlabel("value, scaled to [0, 1]", fontsize=8)
    legend_above(figure, axes[0, 0], pairs[0].title if len(pairs) > 1 else pairs[0].heading)
    return figure


def _points(panel: Axes, points: Points) -> None:
    for (label, colour), side, order in zip(SIDES, points, (1, 2), strict=True):
        panel.scatter(
            side[:, 0], side[:, 1], s=2.5, c=colour, alpha=0.4, linewidths=0, label=label, zorder=order, rasterized=True
        )
    panel.set(xticks=[], yticks=[])


def _density(panel: Axes, values: tuple[NDArray[np.float32], NDArray[np.float32]]) -> None:
    import seaborn

    for (label, colour), side, line in zip(SIDES, values, ("-", "--"), strict=True):
        seaborn.kdeplot(
            x=side[:: max(1, side.size // 50_000)], ax=panel, color=colour, linestyle=line, fill=True, alpha=0.15, cut=0,
            linewidth=1.2, label=label, warn_singular=False,
        )  # fmt: skip
    panel.set(xlim=(0, 1), xlabel="", ylabel="", yticks=[])
