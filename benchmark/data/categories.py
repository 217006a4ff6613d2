"""Columns of categories as features of 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.data.cells import is_missing
from benchmark.data.spec import MOST_CATEGORIES
from benchmark.errors import UserError

NAMES = ("none", "-")
"""Marks of a missing number that may be a category."""


def one_hot(name: str, cells: Sequence[str], path: Path) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """The names `column=category` in the order of their text, and values (rows, categories): 0 or 1, NaN for a missing cell.

    Raises UserError for more categories than `MOST_CATEGORIES`, and where there is none.
    """
    texts = ["" if is_missing(cell) and cell.strip().casefold() not in NAMES else cell.strip() for cell in cells]
    kinds = sorted(set(filter(None, texts)))
    if len(kinds) > MOST_CATEGORIES:
        raise UserError(
            f"'{path}', column '{name}', holds {len(kinds):,} categories, but 'one_hot' takes at most {MOST_CATEGORIES}; name it "
            "under 'drop' (--drop) or join some of them."
        )
    if not kinds:
        raise UserError(f"'{path}', column '{name}', is empty; name it under 'drop' (--drop).")
    values = np.asarray([[float(text == kind) for kind in kinds] if text else [np.nan] * len(kinds) for text in texts])
    return tuple(f"{name}={kind}" for kind in kinds), values
