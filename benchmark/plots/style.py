"""How every figure looks and is written: sizes of a two-column page, colours that all can tell apart, embedded fonts."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SINGLE = 3.4
"""Inches of one column."""
DOUBLE = 7.0
"""Inches of both columns."""
DPI = 300

# Okabe and Ito, "Color Universal Design" (2008): distinct to every kind of colour vision; yellow is left out on white paper.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
REAL, GENERATED = COLOURS[0], COLOURS[1]
MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*")

SETTINGS: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "figure.dpi": 100,
}
# Dates and versions of programs would make equal figures differ.
METADATA: dict[str, dict[str, None]] = {"png": {"Software": None}, "pdf": {"CreationDate": None}}

Draw = Callable[[], "Figure"]


@contextmanager
def style() -> Iterator[None]:
    """The library's settings for what is drawn and written inside; they are as before afterwards."""
    import matplotlib

    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **SETTINGS, "backend": matplotlib.get_backend()}):
        yield


def panels(rows: int, columns: int, width: float, height: float, **shared: Any) -> tuple[Figure, np.ndarray]:
    """A figure of `width` × `height` inches and its panels as an array (rows, columns), made without global state."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **shared)


def legend_above(figure: Figure, panel: Axes, heading: str) -> None:
    """Heading and one legend for all panels, over them and never on the data, with marks that show although points are faint."""
    handles, labels = panel.get_legend_handles_labels()
    shown = dict(zip(labels, handles, strict=True))
    legend = figure.legend(
        shown.values(), shown.keys(), loc="outside upper center", ncols=2, markerscale=2, title=heading
    )
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1)


def write(draw: Draw, folder: Path, name: str) -> list[Path]:
    """Draw a figure and write it as `name.png` (300 dpi) and `name.pdf`; the paths written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with style():
        figure = draw()
        for kind, metadata in METADATA.items():
            data = io.BytesIO()
            figure.savefig(data, format=kind, dpi=DPI, metadata=metadata)
            path = folder / f"{name}.{kind}"
            write_bytes(path, data.getvalue())
            written.append(path)
    return written
