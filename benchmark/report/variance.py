"""Where a score's variance comes from, by generator and setting: training, sampling, the metric's own randomness."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.errors import UserError
from benchmark.plan.keys import score_info
from benchmark.report.layouts import score_title
from benchmark.report.table import Setting
from benchmark.report.text_table import TextTable, text_lines
from benchmark.statistics.variance import SOURCES, Component, variance_components

if TYPE_CHECKING:
    import pandas as pd


HEADER = ("generator", "data", "score", *(f"{source}, standard deviation" for source in SOURCES), "remark")
NOTE = (
    "Standard deviations that each source adds to one value, by analysis of variance, with the share of the variance and the "
    "95 % interval of the deviation."
)


@dataclass(frozen=True)
class ScoreVariance:
    """The components of one score of one generator in one setting; none, with a reason, where the design is not balanced."""

    title: str
    dataset: str
    length: int
    metric: str
    components: tuple[Component, ...]
    reason: str = ""


def variances_of(frame: pd.DataFrame) -> list[ScoreVariance]:
    """The components of every score in a results frame of several models, or of several draws of samples."""
    found = []
    for (title, dataset, length, metric), part in frame.groupby(["title", "dataset", "length", "metric"], sort=False):
        if len(part[["seed", "sampling_seed"]].drop_duplicates()) < 2 or part["value"].dropna().empty:
            continue
        components: tuple[Component, ...] = ()
        reason = ""
        try:
            components = variance_components(part)
        except UserError as error:
            reason = str(error)
        found.append(ScoreVariance(str(title), str(dataset), int(str(length)), str(metric), components, reason))
    return found


def variance_table(variances: Sequence[ScoreVariance], settings: Mapping[Setting, str]) -> TextTable | None:
    """The components as a table, settings by their titles; None where nothing tells the sources apart."""
    rows = [_row(one, settings) for one in variances]
    return TextTable("Components of variance", HEADER, text_lines(rows), notes=(NOTE,)) if rows else None


def _row(one: ScoreVariance, settings: Mapping[Setting, str]) -> tuple[str, ...]:
    info = score_info(one.metric)
    place = settings.get((one.dataset, one.length), f"{one.dataset} {one.length}")
    values = [_deviation(component, info.decimals + 1) for component in one.components] or [""] * len(SOURCES)
    remarks = dict.fromkeys(
        f"{component.source}: {component.reason}" for component in one.components if component.reason
    )
    return one.title, place, score_title(info), *values, one.reason or "; ".join(remarks)


def _deviation(one: Component, decimals: int) -> str:
    if one.variance is None:
        return ""
    share = "" if one.share is None else f" ({100 * one.share:.0f} %)"
    limits = one.interval
    interval = "" if limits is None else f" [{', '.join(f'{math.sqrt(limit):.{decimals}f}' for limit in limits)}]"
    return f"{math.sqrt(one.variance):.{decimals}f}{share}{interval}"
