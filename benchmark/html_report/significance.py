"""What a page shows of a frame's statistics: letters of ties, tables of tests and ranks, components of variance."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.errors import UserError
from benchmark.html_report.boards import Letters, arrow
from benchmark.plan.keys import score_info
from benchmark.report.plain import PlainTable
from benchmark.report.statistics import SuiteStatistics, statistics_of
from benchmark.report.statistics_text import statistics_tables
from benchmark.report.table import Setting
from benchmark.statistics.variance import SOURCES, Component, variance_components

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Significance:
    """The statistics of a frame as tables, and the letters that leaderboards show."""

    tables: tuple[PlainTable, ...]
    letters: Letters


def significance(frame: pd.DataFrame) -> Significance:
    """The statistics of a results frame; without tables where no two generators have the same score."""
    found = statistics_of(frame)
    return Significance(tuple(statistics_tables(found)), _letters(found))


def _letters(found: SuiteStatistics) -> Letters:
    return {
        (score.score, title, (setting.dataset, setting.length)): letters
        for score in found.scores
        for setting in score.settings
        for title, letters in zip(setting.generators, setting.letters, strict=True)
    }


VARIANCE = ("generator", "setting", "score", *(f"{source}, standard deviation" for source in SOURCES), "remark")


def variance_table(frame: pd.DataFrame, settings: dict[Setting, str]) -> PlainTable | None:
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
    return PlainTable("Components of variance", VARIANCE, rows, notes=notes)


def _variance_rows(frame: pd.DataFrame, settings: dict[Setting, str]) -> Iterator[tuple[str, ...]]:
    for (title, dataset, length, metric), part in frame.groupby(["title", "dataset", "length", "metric"], sort=False):
        if len(part[["seed", "sampling_seed"]].drop_duplicates()) < 2 or part["value"].dropna().empty:
            continue
        info = score_info(str(metric))
        start = (str(title), settings[str(dataset), int(length)], arrow(info))
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
