"""What fits report of themselves, below a table: warnings, and the likelihood that a token model gives its training windows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

LIKELIHOODS = ("train_nats", "validation_nats", "uniform_nats", "repeated_share", "duplicate_share")
"""Columns of a results frame that `benchmark.training.likelihood_measurements` describes."""


def fit_notes(frame: pd.DataFrame, titles: Mapping[str, str]) -> list[str]:
    """Warnings of a frame's fits, one a note, then the likelihoods of all token models as one; `titles` of data sets by id."""
    cells = frame.drop_duplicates("cell")
    several = cells["seed"].nunique() > 1
    notes = []
    for row in cells.dropna(subset="warnings").query("warnings != ''").to_dict("records"):
        seed = f", training seed {row['seed']}" if several else ""
        notes.append(f"Warning, {_setting(row, titles)}{seed}: {row['warnings']}")
    return [*notes, *likelihood_notes(frame, titles)]


def likelihood_notes(frame: pd.DataFrame, titles: Mapping[str, str]) -> list[str]:
    """A note with the likelihoods of a frame's token models, means over training seeds; none where no fit recorded one."""
    known = frame.drop_duplicates("cell").dropna(subset=["train_nats", "uniform_nats"])
    found = [
        f"{_setting(part.iloc[0].to_dict(), titles)}: {likelihood_text(part[list(LIKELIHOODS)].mean())}"
        for _, part in known.groupby(["generator", "title", "dataset", "length"], sort=False)
    ]
    return [f"Negative log-likelihood in nats a window. {'; '.join(found)}."] if found else []


def likelihood_text(values: pd.Series[Any]) -> str:
    """The likelihoods of one fit, or means of several, in words; `values` by the names in `LIKELIHOODS`, NaN where not known."""
    train, validation, uniform, repeated, duplicates = (float(values[name]) for name in LIKELIHOODS)
    parts = [f"training {train:.1f}"]
    if not math.isnan(validation):
        parts.append(f"validation {validation:.1f}")
    parts.append(f"uniform draw of training windows {uniform:.1f}")
    if not math.isnan(repeated):
        known = f"samples with all tokens of a training window {_percent(repeated)}"
        parts.append(f"{known} (training windows with all tokens of another {_percent(duplicates)})")
    return ", ".join(parts)


def _percent(share: float) -> str:
    return "below 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


def _setting(row: Mapping[Any, Any], titles: Mapping[str, str]) -> str:
    dataset = str(row["dataset"])
    return f"{row['title']} on {titles.get(dataset) or dataset} {row['length']}"
