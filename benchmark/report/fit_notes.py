"""What fits report of themselves, below a table: warnings, and the likelihood that a token model gives its training windows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from benchmark.report.text_table import TextTable, text_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

LIKELIHOODS = ("train_nats", "validation_nats", "uniform_nats", "repeated_share", "duplicate_share")
"""Columns of a results frame that `benchmark.training.likelihood_measurements` describes."""
LIKELIHOODS_ARE = (
    "Negative log-likelihood of a training window in nats (of a uniform draw from the training windows), and probability that a "
    "sample at temperature 1 has all tokens of a training window (share of training windows with all tokens of another):"
)
LIKELIHOOD_HEADER = (
    "generator",
    "data set",
    "nats, training",
    "nats, validation",
    "nats, uniform",
    "samples that repeat",
    "training windows that repeat",
)


def fit_notes(frame: pd.DataFrame, titles: Mapping[str, str]) -> list[str]:
    """Warnings of a frame's fits, one a note, then the likelihoods of all token models as one; `titles` of data sets by id."""
    cells = frame.drop_duplicates("cell")
    several = cells["seed"].nunique() > 1
    notes = []
    for row in cells.dropna(subset="warnings").query("warnings != ''").to_dict("records"):
        seed = f", training seed {row['seed']}" if several else ""
        notes.append(f"Warning, {' on '.join(_setting(row, titles))}{seed}: {row['warnings']}")
    return [*notes, *likelihood_notes(frame, titles)]


def likelihood_notes(frame: pd.DataFrame, titles: Mapping[str, str]) -> list[str]:
    """A note with the likelihoods of a frame's token models, means over training seeds; none where no fit recorded one."""
    found = []
    for setting, values in _likelihoods(frame, titles):
        nats = f"{values['train_nats']:.1f} ({values['uniform_nats']:.1f})"
        if not math.isnan(values["validation_nats"]):
            nats += f", validation {values['validation_nats']:.1f}"
        shares = ""
        if not math.isnan(values["repeated_share"]):
            duplicates = _percent(values["duplicate_share"])
            shares = f", {_percent(values['repeated_share'])}" + (f" ({duplicates})" if duplicates else "")
        found.append(f"{' on '.join(setting)} {nats}{shares}")
    return [f"{LIKELIHOODS_ARE} {'; '.join(found)}."] if found else []


def likelihood_table(frame: pd.DataFrame, titles: Mapping[str, str]) -> TextTable | None:
    """The same as a table; None where no fit recorded a likelihood."""
    rows = [
        (
            *setting,
            *(_number(values[name]) for name in LIKELIHOODS[:3]),
            *(_percent(values[name]) for name in LIKELIHOODS[3:]),
        )
        for setting, values in _likelihoods(frame, titles)
    ]
    return TextTable("Likelihood of token models", LIKELIHOOD_HEADER, text_lines(rows)) if rows else None


def _likelihoods(frame: pd.DataFrame, titles: Mapping[str, str]) -> list[tuple[tuple[str, str], pd.Series[Any]]]:
    """Generator and data set with the means over training seeds of its likelihoods, by setting."""
    known = frame.drop_duplicates("cell").dropna(subset=["train_nats", "uniform_nats"])
    return [
        (_setting(part.iloc[0].to_dict(), titles), part[list(LIKELIHOODS)].mean())
        for _, part in known.groupby(["generator", "title", "dataset", "length"], sort=False)
    ]


def likelihood_text(values: pd.Series[Any]) -> str:
    """The likelihoods of one fit in words; `values` by the names in `LIKELIHOODS`, NaN where not known."""
    train, validation, uniform, repeated, duplicates = (float(values[name]) for name in LIKELIHOODS)
    parts = [f"training {train:.1f}"]
    if not math.isnan(validation):
        parts.append(f"validation {validation:.1f}")
    if not math.isnan(uniform):
        parts.append(f"uniform draw of training windows {uniform:.1f}")
    if not math.isnan(repeated):
        parts.append(f"samples at temperature 1 with all tokens of a training window {_percent(repeated)}")
    if not math.isnan(duplicates):
        parts.append(f"training windows with all tokens of another {_percent(duplicates)}")
    return ", ".join(parts)


def _percent(share: float) -> str:
    if math.isnan(share):
        return ""
    return "0 %" if share == 0 else "< 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.1f}"


def _setting(row: Mapping[Any, Any], titles: Mapping[str, str]) -> tuple[str, str]:
    dataset = str(row["dataset"])
    return str(row["title"]), f"{titles.get(dataset) or dataset} {row['length']}"
