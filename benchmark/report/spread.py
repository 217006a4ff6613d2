"""Mean and ± of the values of one score: over training seeds, else over draws of samples, else over repetitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from benchmark.statistics import summarise

if TYPE_CHECKING:
    import pandas as pd

LEVELS = {
    "seed": "{} training seeds",
    "sampling_seed": "{} draws of samples from one trained model",
    "repetition": "{} repetitions of a score on one trained model",
}
"""What a ± may be over, the outermost first: the column of the results frame, and its name in a caption."""


class Spread(NamedTuple):
    """Mean, 95 % half-width (None for a single value), the level that it is over and how many of that level there are."""

    mean: float
    half_width: float | None
    level: str
    size: int


def spread_of(values: pd.DataFrame) -> Spread:
    """The spread over the outermost level whose means differ, of the rows of one generator in one setting that have a value.

    Training seeds of equal values count as one: those of the oracle, whose windows are the same for every seed.
    """
    for level in LEVELS:
        if level != "repetition" and values[level].nunique() < 2:
            continue
        means = values.groupby(level)["value"].mean()
        if means.nunique() > 1:
            break
    return Spread(*summarise(list(means)), level, len(means))
