"""Where a score's variance comes from: training, sampling, the metric's own randomness."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmark.errors import UserError
from benchmark.plan.keys import score_info
from benchmark.report.layouts import score_title
from benchmark.report.table import Setting
from benchmark.report.text_table import TextTable, text_lines
from benchmark.statistics.variance import SOURCES, Component, variance_components

if TYPE_CHECKING:
    import pandas as pd


VARIANCE = ("generator", "setting", "score", *(f"{source}, standard deviation" for source in SOURCES), "remark")


def variance_table(frame: pd.DataFrame, settings: dict[Setting, str]) -> TextTable | None:
    """Where a score's variance comes from, a row a generator, setting and score of several models or several draws of samples.

    None where every cell stands alone, so that nothing tells the sources apart.
    """
    rows = tuple(_variance_rows(frame, settings))
    if not rows:
        return None
    notes = (
        "Standard deviations that each source adds to one value, by analysis of variance, with the share of the variance and the "
        "95 % interval of the deviation.",
    )
    return TextTable("Components of variance", VARIANCE, text_lines(rows), notes=notes)


def _variance_rows(frame: pd.DataFrame, settings: dict[Setting, str]) -> Iterator[tuple[str, ...]]:
    for (title, dataset, length, metric), part in frame.groupby(["title", "dataset", "length", "metric"], sort=False):
        if len(part[["seed", "sampling_seed"]].drop_duplicates()) < 2 or part["value"].dropna().empty:
            continue
        info = score_info(str(metric))
        start = (str(title), settings[str(dataset), int(str(length))], score_title(info))
        try:
            found = variance_components(part)
        except UserError as error:
            yield (*start, *("",) * len(SOURCES), str(error))
            continue
        remarks = dict.fromkeys(f"{one.source}: {one.reason}" for one in found if one.reason)
        yield (*start, *(_deviation(one, info.decimals + 1) for one in found), "; ".join(remarks))


def _deviation(one: Component, decimals: int) -> str:
    if one.variance is None:
        return ""
    share = "" if one.share is None else f" ({100 * one.share:.0f} %)"
    limits = one.interval
    interval = "" if limits is None else f" [{', '.join(f'{math.sqrt(limit):.{decimals}f}' for limit in limits)}]"
    return f"{math.sqrt(one.variance):.{decimals}f}{share}{interval}"
