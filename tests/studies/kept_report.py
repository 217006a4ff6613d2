"""The report of everything that is kept, its tables as LaTeX, and how much of the paper's tables they cover.

    python -m tests.studies.kept_report

Writes `report.html` and `tables.tex` into `results/measured`, and the counts into the page there. The frames stand in the order
in which they count: of two cells of one setting and training seed the first is shown. The report alone, by the command of every
user: `python -m benchmark report --frame FRAME --frame FRAME … --output report.html`.
"""

from __future__ import annotations

from benchmark.files import write_bytes
from benchmark.html_report.command import report_frames
from benchmark.report.kept_frame import frame_tables, read_frames
from benchmark.report.suite import render_tables
from tests.studies import coverage
from tests.studies.record import MEASURED, insert

FRAMES = [
    MEASURED / name
    for name in (
        "generators_fast/results.csv",
        "timemar_s_fast/length_24.csv",
        "timemar_s_fast/length_64.csv",
        "ablation_stocks_fast/results.csv",
        "ablation_etth_fast/results.csv",
        "controls/results.csv",
        "strict/results.csv",
    )
]


def main() -> None:
    """Write the report, the tables and the counts."""
    frame = read_frames(FRAMES)
    print(report_frames(FRAMES, MEASURED / "report.html", title="Everything measured").text())  # noqa: T201
    write_bytes(MEASURED / "tables.tex", render_tables(frame, frame_tables(frame), "latex").encode())
    text = coverage.text(frame)
    insert(MEASURED / "README.md", "coverage", text)
    print(text)  # noqa: T201


if __name__ == "__main__":
    main()
