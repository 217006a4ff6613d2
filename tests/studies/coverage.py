"""How many published scores have a measured one beside them, by table of the paper, and their verdicts."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from benchmark.html_report.boards import VERDICTS, entries, setting_titles
from benchmark.report.kept_frame import dataset_titles
from benchmark.report.published import Key, generator_of, published_rows
from benchmark.report.table import make_table
from tests.studies.record import table

HEADER = ("table", "published", "measured", *VERDICTS)


def by_table() -> dict[str, list[Key]]:
    """The keys of `published_scores` by table of the paper; a value that tables repeat stands in each of them."""
    found: dict[str, list[Key]] = {}
    for (metric, dataset, length, method), value in published_rows():
        found.setdefault(value.table, []).append((metric, dataset, length, generator_of(method)))
    return dict(sorted(found.items(), key=lambda one: int(one[0])))


def verdicts(frame: pd.DataFrame) -> dict[Key, str]:
    """Verdicts of measured values by metric, data set, length and generator."""
    found: dict[Key, str] = {}
    frame = frame[frame["metric"].isin({metric for keys in by_table().values() for metric, *_ in keys})]
    titles = dataset_titles(frame)
    for _, part in frame.groupby(["protocol", "budget"], sort=False):
        made = make_table(part, title="", dataset_titles=titles)
        for block, row, entry, column, _ in entries(made, setting_titles(made, titles)):
            if entry.published is not None and entry.mean is not None:
                found[block.info.name, *made.columns[column], row.generator] = entry.verdict or "none"
    return found


def rows(measured: dict[Key, str]) -> list[list[str]]:
    """One row a published table."""
    shown = []
    for name, keys in by_table().items():
        counts = Counter(measured[key] for key in keys if key in measured)
        shown.append([name, str(len(keys)), str(counts.total()), *(str(counts[verdict]) for verdict in VERDICTS)])
    return shown


def text(*frames: pd.DataFrame) -> str:
    """The counts of several frames as a Markdown table; a verdict compares a measured with a published value as tables do."""
    return table(HEADER, rows({key: verdict for frame in frames for key, verdict in verdicts(frame).items()}))
