"""What a generator costs, as blocks of a table: size, training time, sampling time, memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmark.report.table import NOT_RUN, Block, Entry, Row, Table
from benchmark.store.records import State
from metrics.base import MetricInfo

if TYPE_CHECKING:
    import pandas as pd


def _info(name: str, title: str, decimals: int) -> MetricInfo:
    """A quantity that is told and not judged: no direction, no marks."""
    return MetricInfo(name, title, title, title, None, (0.0, float("inf")), 0.0, "light", 1, "provenance", decimals)


# The frame's column, the table's block, and how many of the column's units make one of the block's.
QUANTITIES = (
    (_info("parameters", "Parameters (M)", 3), 1e6),
    (_info("fit_seconds", "Training time (s)", 1), 1.0),
    (_info("sample_seconds", "Time to sample all windows (s)", 2), 1.0),
    (_info("peak_memory_mib", "Peak memory (MiB)", 0), 1.0),
)


def with_efficiency(table: Table, frame: pd.DataFrame) -> Table:
    """The table with a block for each cost: the mean over training seeds of what provenance holds."""
    blocks = tuple(_block(table, frame, info, unit) for info, unit in QUANTITIES)
    return replace(table, blocks=(*table.blocks, *blocks))


def _block(table: Table, frame: pd.DataFrame, info: MetricInfo, unit: float) -> Block:
    def entry(row: Row, dataset: str, length: int) -> Entry:
        mine = (frame["generator"] == row.generator) & (frame["title"] == row.title)
        here = frame[mine & (frame["dataset"] == dataset) & (frame["length"] == length)]
        values = here.groupby("seed")[info.name].first().dropna()
        if values.empty:
            status = str(here["status"].iloc[0]) if len(here) else NOT_RUN
            return Entry(status="not known" if status == State.DONE else status)
        return Entry(float(values.mean()) / unit, None, None, size=len(values), status="done")

    rows = tuple(
        Row(row.generator, row.title, row.size_class, tuple(entry(row, *setting) for setting in table.columns))
        for row in table.blocks[0].rows
    )
    nothing = len(table.columns)
    return Block(info, (None,) * nothing, (0.0,) * nothing, rows)
