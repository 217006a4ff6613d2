"""How every figure looks and is written: sizes of a two-column page, colours that all can tell apart, embedded fonts."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.files import write_bytes
from benchmark.plots.origin import Origin

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
REAL, GENERATED = COLOURS[0], COLOURS[4]
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
PLACES = 6
"""Decimals of a panel's place, in shares of the figure."""
CHARACTER = 0.063
"""Inches of a character of a heading, in the mean."""
SMALL_PRINT = 5.0
"""Points of the line that says where the results come from."""

Draw = Callable[[], "Figure"]


@contextmanager
def style() -> Iterator[None]:
    """The library's settings for what is drawn and written inside; they are as before afterwards."""
    import matplotlib

    # Asking for the backend would choose one, and load what windows on a screen need.
    settings: dict[Any, Any] = {
        name: matplotlib.rcParamsDefault[name] for name in matplotlib.rcParamsDefault if name != "backend"
    }
    with matplotlib.rc_context({**settings, **SETTINGS}):
        yield


def panels(rows: int, columns: int, width: float, height: float, **shared: Any) -> tuple[Figure, np.ndarray]:
    """A figure of `width` × `height` inches and its panels as an array (rows, columns), made without global state."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **shared)


def wrapped(text: str, width: float) -> str:
    """The text in lines of at most `width` inches, broken between words; a word that is wider is broken within."""
    return textwrap.fill(text, max(1, int(width / CHARACTER)), break_on_hyphens=False)


def heading_above(figure: Figure, heading: str) -> None:
    """The heading over all panels, within the figure's width."""
    figure.suptitle(wrapped(heading, figure.get_figwidth()), fontsize=8)


def legend_above(figure: Figure, panel: Axes, heading: str) -> None:
    """Heading and one legend for all panels, over them and never on the data, with marks that show although points are faint."""
    handles, labels = panel.get_legend_handles_labels()
    shown = dict(zip(labels, handles, strict=True))
    legend = figure.legend(
        shown.values(),
        shown.keys(),
        loc="outside upper center",
        ncols=2,
        markerscale=2,
        title=wrapped(heading, figure.get_figwidth()),
    )
    legend.get_title().set_multialignment("center")
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1)


def write(draw: Draw, folder: Path, name: str, origin: Origin) -> list[Path]:
    """Draw a figure and write it as `name.png` (300 dpi) and `name.pdf`; the paths written.

    Both have the origin of the results in small print below and in their metadata: PNG text chunks, the subject of a PDF.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Dates and versions of programs would make equal figures differ.
    metadata: dict[str, dict[str, str | None]] = {
        "png": {"Software": None, **origin.metadata()},
        "pdf": {
            "CreationDate": None,
            "Subject": "; ".join(f"{key}: {text}" for key, text in origin.metadata().items()),
        },
    }
    written = []
    with style():
        figure = draw()
        _arrange(figure, origin.small_print())
        for kind, entries in metadata.items():
            data = io.BytesIO()
            figure.savefig(data, format=kind, dpi=DPI, metadata=entries)
            path = folder / f"{name}.{kind}"
            write_bytes(path, data.getvalue())
            written.append(path)
    return written


def _arrange(figure: Figure, small_print: str) -> None:
    """Leave room for the small print, and arrange the panels once: both files have them at the same places."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    engine = figure.get_layout_engine()
    if not isinstance(engine, ConstrainedLayoutEngine):
        return
    figure.set_dpi(DPI)
    line = 1.6 * SMALL_PRINT / 72 / figure.get_figheight() if small_print else 0.0
    engine.set(rect=(0, line, 1, 1 - line))
    label = figure.supxlabel(figure.get_supxlabel(), fontsize=8)
    engine.execute(figure)
    # The engine keeps room for the label, and puts it at the lower edge of the figure, where the small print stands.
    label.set_y(round(label.get_position()[1] + line, PLACES))
    for panel in figure.axes:
        # The solver of the layout orders by addresses in memory, so that its last digits differ from run to run.
        panel.set_position(tuple(np.round(panel.get_position(original=True).bounds, PLACES)))
    figure.text(0.5, line / 4, small_print, fontsize=SMALL_PRINT, color="0.4", ha="center", va="bottom")
    # Any engine, also one that does nothing, has a figure drawn once more for each file.
    figure.set_layout_engine(None)
