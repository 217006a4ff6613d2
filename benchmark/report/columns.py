"""The values of one score by setting, on the units that all generators have: what statistics are taken of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.config.budgets import is_shortened
from benchmark.statistics.groups import Groups, significance_groups

if TYPE_CHECKING:
    import pandas as pd

Unit = Literal["training seed", "repetition"]
TESTS: dict[Unit, str] = {"training seed": "Welch's t-tests", "repetition": "paired t-tests"}
"""What compares two generators: repetitions share their random numbers, training seeds are independent whatever their numbers."""
SHORTENED = "the budget shortens the score"


@dataclass(frozen=True)
class Column:
    """The values of generators in one setting, without controls.

    Attributes:
        generators: Titles, the best first.
        values: (G generators, K training seeds, R repetitions), means over sampling seeds.
        losses: (G generators, K or R units), distances from the ideal, oriented so that their mean is the distance of the mean.
        unit: What the units are: training seeds where there are several, else repetitions on one trained model.
        left_out: Titles of generators without all their values.
        shortened: Whether the budget shortens the score.
        log_scale: Whether tests compare the logarithms of the losses.
    """

    generators: tuple[str, ...]
    values: NDArray[np.float64]
    losses: NDArray[np.float64]
    unit: Unit
    left_out: tuple[str, ...]
    shortened: bool
    log_scale: bool = False

    @property
    def paired(self) -> bool:
        """Whether a unit is the same for all generators."""
        return self.unit == "repetition"

    def groups(self, margin: float) -> Groups:
        """The significance groups of the generators; none, with a reason, for a score that a budget shortens."""
        found = significance_groups(self.losses, margin, paired=self.paired, log_scale=self.log_scale)
        if not self.shortened:
            return found
        return Groups(("",) * len(self.generators), found.comparisons, SHORTENED)


def column_of(rows: pd.DataFrame, ideal: float, *, log_scale: bool = False) -> Column | None:
    """The column of one score in one setting from their rows of the results frame; None where there is no value."""
    generators = rows[rows["size_class"] != "control"]
    lacking = set(generators.loc[generators["value"].isna(), "title"])
    whole = generators[~generators["title"].isin(lacking)]
    if whole.empty:
        return None
    titles, values = _shared(whole)
    if not values.size:
        return None
    means = values.mean(axis=(1, 2)) - ideal
    order = np.argsort(np.abs(means), kind="stable")
    several = values.shape[1] > 1
    units = values.mean(axis=2) if several else values[:, 0]
    losses = (units - ideal) * np.where(means < 0, -1.0, 1.0)[:, None]
    return Column(
        generators=tuple(titles[place] for place in order),
        values=values[order],
        losses=losses[order],
        unit="training seed" if several else "repetition",
        left_out=tuple(sorted(lacking)),
        shortened=any(is_shortened(str(budget)) for budget in set(rows["budget"])),
        log_scale=log_scale,
    )


def _shared(rows: pd.DataFrame) -> tuple[list[str], NDArray[np.float64]]:
    """Titles and values (G, K, R) on the training seeds and repetitions that all generators have."""
    wide = rows.groupby(["title", "seed", "repetition"], sort=False)["value"].mean().unstack().dropna(axis="columns")
    titles = list(rows["title"].unique())
    seeds = [seed for seed, count in wide.groupby("seed").size().items() if count == len(titles)]
    values = wide.reindex([(title, seed) for title in titles for seed in seeds]).to_numpy(np.float64)
    return titles, values.reshape(len(titles), len(seeds), wide.shape[1])
