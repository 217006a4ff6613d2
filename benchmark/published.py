"""The published numbers that stand beside measured ones."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache

from benchmark.resources import shipped


@dataclass(frozen=True)
class Published:
    """A value as printed in the paper, the ± that it does not define, and the table it stands in."""

    value: float
    plus_minus: float
    table: str


@lru_cache(maxsize=1)
def published_scores() -> dict[tuple[str, str, int, str], Published]:
    """Every published score by (metric, data set, length, method).

    A value that several tables repeat is taken from the first of them.
    """
    found: dict[tuple[str, str, int, str], Published] = {}
    with (shipped("results/published") / "scores.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = (row["metric"], row["dataset"], int(row["length"]), row["method"])
            found.setdefault(key, Published(float(row["value"]), float(row["plus_minus"]), row["table"]))
    return found
