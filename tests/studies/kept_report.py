"""The report of everything that is kept, its tables as LaTeX, Figure 2, and how much of the paper's tables they cover.

    python -m tests.studies.kept_report

Writes `report.html`, `tables.tex` and `figures/` into `results/measured`, and the counts into the page there. Frames stand in
the order in which they count: of two cells of one setting and training seed the first is shown. Scores that no generator but
controls has stay in their own frame.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import pandas as pd

from benchmark.config.suites import load_suite
from benchmark.files import write_bytes
from benchmark.html_report.command import report_rows
from benchmark.plots.origin import frame_origin
from benchmark.plots.scaling import SCORE, control_points, draw_scaling, scaling_points
from benchmark.plots.style import write
from benchmark.report.kept_frame import dataset_titles, frame_tables, read_frame, read_frames
from benchmark.report.layouts import grid
from benchmark.report.suite import render_tables
from benchmark.report.table import make_table
from benchmark.report.text_table import TextTable
from tests.studies import coverage
from tests.studies.record import MEASURED, insert

FRAMES = [
    MEASURED / name
    for name in (
        "ablation_stocks_fast/results.csv",  # first, since it has every score of the cell that generators_fast shares with it
        "generators_fast/results.csv",
        "timemar_s_fast/length_24.csv",
        "timemar_s_fast/length_64.csv",
        "lengths_fast/results.csv",
        "ablation_etth_fast/results.csv",
        "ablation_mujoco_fast/results.csv",
        "table8_fast/results.csv",
        "table8_fast/copying.csv",
        "controls/results.csv",
        "strict/results.csv",
    )
]
SAMPLING = MEASURED / "table6_fast" / "results.csv"
"""Seconds of sampling on one machine, of cells of their own: they count, and stand beside no cell of another machine."""


def kept() -> pd.DataFrame:
    """The rows of all frames."""
    frame = read_frames(FRAMES)
    return frame[frame["metric"].isin(frame.loc[frame["size_class"] != "control", "metric"])]


def counts(frame: pd.DataFrame) -> str:
    """How much of the paper's tables the kept frames and the seconds of sampling cover."""
    return coverage.text(frame, read_frame(SAMPLING))


def tables(frame: pd.DataFrame) -> tuple[TextTable, ...]:
    """A table for each protocol and budget, at length 24 and beyond it, and Table 8's grid; one of all would be too wide."""
    suite = load_suite("table8")
    variants = frame["generator"].str.contains("/")
    floor = (frame["generator"] == "oracle") & frame["dataset"].isin(suite.datasets)
    part = frame[(variants | floor) & (frame["protocol"] == suite.protocol) & frame["metric"].isin(suite.scores)]
    title = f"{suite.title}, budget {suite.budget}"
    made = make_table(part, title=title, dataset_titles=dataset_titles(part))
    single = frame[~variants]
    usual = single["length"] == suite.lengths[0]
    return (*frame_tables(single[usual]), *frame_tables(single[~usual]), grid(made, suite.variants))


def figure_2(frame: pd.DataFrame, folder: Path) -> list[Path]:
    """Context-FID on Energy against the number of parameters, as Figure 2 of the paper; the files written."""
    here = frame[(frame["dataset"] == "energy") & (frame["protocol"] == "paper") & (frame["metric"] == SCORE)]
    sizes = here.groupby("title")["parameters"].max().dropna().astype(int).to_dict()
    points, controls = scaling_points(here, sizes), control_points(here)
    draw = partial(draw_scaling, points, controls, "Energy, length 24")
    return write(draw, folder, "context_fid_by_size-energy-24", frame_origin(here))


def main() -> None:
    """Write the report, the tables, the figure and the counts."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    frame = kept()
    print(report_rows(frame, MEASURED / "report.html", "Everything measured").text())  # noqa: T201
    write_bytes(MEASURED / "tables.tex", render_tables(frame, tables(frame), "latex").encode())
    figure_2(frame, MEASURED / "figures")
    found = counts(frame)
    insert(MEASURED / "README.md", "coverage", found)
    print(found)  # noqa: T201


if __name__ == "__main__":
    main()
