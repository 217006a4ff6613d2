"""The published values that stand beside measured ones."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from benchmark.config.files import shipped
from benchmark.config.suites import parameters_text

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, str, int, str]
"""Metric, data set, length, method."""
REAL_DATA = {"original": "copy"}
"""The paper's row of real data scored against itself, which the control `copy` is, by its name there."""


@dataclass(frozen=True)
class Published:
    """A value as printed in the paper, the ± that it does not define, and the table it stands in."""

    value: float
    plus_minus: float
    table: str


@lru_cache(maxsize=1)
def published_scores() -> dict[Key, Published]:
    """Every published score by (metric, data set, length, method), the paper's names of methods and ours.

    A value that several tables repeat is taken from the first of them; models that the paper lacks have their own papers'.
    """
    found = {_key(row, row["method"]): _published(row) for row in _rows("other_papers.csv")}
    for (metric, dataset, length, method), value in published_rows():
        for name in {method, generator_of(method)}:
            found.setdefault((metric, dataset, length, name), value)
    return found


def published_rows() -> Iterator[tuple[Key, Published]]:
    """The paper's values with their keys, table by table; a method is named as there, Table 8's with its parameters.

    Sampling times are seconds on an NVIDIA RTX 3090 for an unspecified number of windows.
    """
    for row in _rows("scores.csv"):
        yield _key(row, row["method"]), _published(row)
    for row in _rows("sensitivity.csv"):
        params = {"patch_nums": row["patch_nums"].split(","), "vocab_size": row["vocab_size"]}
        yield _key(row, f"{row['method']}/{parameters_text(params)}"), _published(row)
    for row in _rows("sampling_time.csv"):
        key = ("sampling_time", row["dataset"], int(row["length"]), row["method"])
        yield key, Published(float(row["seconds"]), 0.0, row["table"])


def generator_of(method: str) -> str:
    """The generator whose value a published one stands beside: ablations have names of their own here, real data is `copy`."""
    return REAL_DATA.get(method, method.replace("/drop=", "_no_"))


@lru_cache(maxsize=1)
def published_sizes() -> dict[tuple[str, str], float]:
    """Trainable parameters by (data set, method): Table 5, the only sizes published."""
    return {(row["dataset"], "timemar_l"): 1e6 * float(row["model_size_millions"]) for row in _rows("timemar_l.csv")}


def is_comparable(part: pd.DataFrame) -> bool:
    """Whether published values may stand beside rows of a results frame: all of protocol `paper`, with parameters unaltered.

    The literature measured its own parameters under its own protocol, and nothing else.
    """
    return set(part["protocol"]) == {"paper"} and not is_altered(part).any()


def is_altered(part: pd.DataFrame) -> pd.Series[bool]:
    """By row of a results frame, whether `--set` or a suite's `set` changed the cell's parameters."""
    return part["altered"].notna() & (part["altered"] != "")


def _key(row: dict[str, str], method: str) -> Key:
    return row["metric"], row["dataset"], int(row["length"]), method


def _published(row: dict[str, str]) -> Published:
    return Published(float(row["value"]), float(row["plus_minus"]), row["table"])


def _rows(name: str) -> list[dict[str, str]]:
    with (shipped("results/published") / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
