"""The published values that stand beside measured ones."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from benchmark.config.files import shipped

if TYPE_CHECKING:
    import pandas as pd


REAL_DATA = {"original": "copy"}
"""The paper's row of real data scored against itself, which the control `copy` is, by its name there."""


@dataclass(frozen=True)
class Published:
    """A value as printed in the paper, the ± that it does not define, and the table it stands in."""

    value: float
    plus_minus: float
    table: str


@lru_cache(maxsize=1)
def published_scores() -> dict[tuple[str, str, int, str], Published]:
    """Every published score by (metric, data set, length, method).

    A value that several tables repeat is taken from the first of them; models that the paper lacks have their own papers'.
    Sampling times are seconds on an NVIDIA RTX 3090 for an unspecified number of windows.
    """
    found: dict[tuple[str, str, int, str], Published] = {}
    for row in _rows("scores.csv"):
        for name in {row["method"], _generator(row["method"])}:
            found.setdefault((row["metric"], row["dataset"], int(row["length"]), name), _published(row))
    for row in _rows("other_papers.csv"):
        found[row["metric"], row["dataset"], int(row["length"]), row["method"]] = _published(row)
    for row in _rows("sensitivity.csv"):
        found.setdefault((row["metric"], row["dataset"], int(row["length"]), _variant(row)), _published(row))
    for row in _rows("sampling_time.csv"):
        key = ("sampling_time", row["dataset"], int(row["length"]), row["method"])
        found[key] = Published(float(row["seconds"]), 0.0, row["table"])
    return found


def _generator(method: str) -> str:
    """The generator whose value a published one stands beside: ablations have names of their own here, real data is `copy`."""
    return REAL_DATA.get(method, method.replace("/drop=", "_no_"))


def published_by_table() -> dict[str, list[tuple[str, str, int, str]]]:
    """The keys of `published_scores` by table of the paper; a value that tables repeat stands in each of them."""
    found: dict[str, list[tuple[str, str, int, str]]] = {}
    for row in _rows("scores.csv"):
        key = (row["metric"], row["dataset"], int(row["length"]), _generator(row["method"]))
        found.setdefault(row["table"], []).append(key)
    for row in _rows("sensitivity.csv"):
        found.setdefault(row["table"], []).append((row["metric"], row["dataset"], int(row["length"]), _variant(row)))
    for row in _rows("sampling_time.csv"):
        key = ("sampling_time", row["dataset"], int(row["length"]), row["method"])
        found.setdefault(row["table"], []).append(key)
    return dict(sorted(found.items(), key=lambda one: int(one[0])))


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


def _variant(row: dict[str, str]) -> str:
    """The generator of a row of Table 8 with its parameters, as a suite's variants are named."""
    patch_nums = row["patch_nums"].replace(",", "-")
    return f"{row['method']}/patch_nums={patch_nums},vocab_size={row['vocab_size']}"


def _published(row: dict[str, str]) -> Published:
    return Published(float(row["value"]), float(row["plus_minus"]), row["table"])


def _rows(name: str) -> list[dict[str, str]]:
    with (shipped("results/published") / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
