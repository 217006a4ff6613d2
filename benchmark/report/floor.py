"""What a perfect generator scores, and what a difference says beside that."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from benchmark.report.published import Published
from benchmark.report.spread import spread_of
from benchmark.statistics.tests import equivalence

if TYPE_CHECKING:
    import pandas as pd

    from metrics.base import MetricInfo

Verdict = Literal["tie", "better", "worse", "undecided"]


def floor_and_margin(part: pd.DataFrame, info: MetricInfo) -> tuple[float | None, float]:
    """What a perfect generator scores (the analytic floor, else the oracle's mean), and the difference that is a tie.

    A tie is a difference within the perfect generator's distance from the ideal; where the ideal cannot be reached, or is what
    a perfect generator scores in expectation, within the half-width of the oracle's values. Where neither is known the difference
    is 0, and only equal values tie.
    """
    if info.depends_on_machine:
        return None, 0.0
    analytic = part.loc[part["n"] == part["n"].max(), "floor"].dropna()
    oracle = part[part["generator"] == "oracle"].dropna(subset=["value"])
    spread = 0.0 if oracle.empty else spread_of(oracle).half_width or 0.0
    if not analytic.empty:
        floor = float(analytic.iloc[0])
        return floor, abs(floor - info.ideal) or spread
    if oracle.empty:
        return None, 0.0
    floor = float(oracle["value"].mean())
    return floor, abs(floor - info.ideal) if info.reachable else spread


def verdict(mean: float, half_width: float, published: Published, margin: float, ideal: float) -> Verdict:
    """What a measured value says beside a published one, by the 95 % interval of their difference d ± h.

    h joins the half-widths of both, √(h₁² + h₂²). A tie: the whole interval lies within the margin, |d| + h ≤ margin (an
    equivalence test). Better or worse: it lies wholly beyond the margin, |d| − h > margin, nearer to the ideal or farther from
    it. Undecided: the interval is too wide, or too near the margin, to tell.
    """
    said = equivalence(mean - published.value, math.hypot(half_width, published.plus_minus), margin)
    if said != "different":
        return said
    return "worse" if abs(mean - ideal) > abs(published.value - ideal) else "better"
