"""How many published scores have a measured one beside them, by table of the paper, and their verdicts.

    python -m tests.studies.coverage FRAME [FRAME …]

The frames are kept ones, as `report --frame` takes them; a verdict compares a measured with a published value as tables do.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import pandas as pd

from benchmark.html_report.boards import VERDICTS, places, setting_titles
from benchmark.report.kept_frame import dataset_titles, read_frames
from benchmark.report.published import published_by_table
from benchmark.report.table import make_table
from tests.studies.record import table

HEADER = ("table", "published", "measured", *VERDICTS)
Key = tuple[str, str, int, str]


def verdicts(frame: pd.DataFrame) -> dict[Key, str]:
    """Verdicts of measured values by metric, data set, length and generator."""
    found: dict[Key, str] = {}
    titles = dataset_titles(frame)
    for _, part in frame.groupby(["protocol", "budget"], sort=False):
        made = make_table(part, title="", dataset_titles=titles)
        for block, row, entry, column, _ in places(made, setting_titles(made, titles)):
            if entry.published is not None and entry.mean is not None:
                found[block.info.name, *made.columns[column], row.generator] = entry.verdict or "none"
    return found


def rows(measured: dict[Key, str]) -> list[list[str]]:
    """One row a published table."""
    shown = []
    for name, keys in published_by_table().items():
        counts = Counter(measured[key] for key in keys if key in measured)
        shown.append([name, str(len(keys)), str(counts.total()), *(str(counts[verdict]) for verdict in VERDICTS)])
    return shown


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frames", type=Path, nargs="+")
    print(table(HEADER, rows(verdicts(read_frames(parser.parse_args().frames)))))  # noqa: T201


if __name__ == "__main__":
    main()
