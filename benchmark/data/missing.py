"""Missing cells: rows without them, or cells filled between their neighbors in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.data.spec import MOST_FILLED, MissingRule
from benchmark.data.time import counted

Pieces = list[NDArray[np.int64]]


@dataclass(frozen=True)
class Missing:
    """What became of missing cells: how many there were and in how many rows, cells filled, rows removed."""

    rule: MissingRule
    cells: int
    rows: int
    filled: int
    removed: int

    def sentence(self) -> str:
        """The rule and its counts, for a card and for the note of a table."""
        told = f"{counted(self.cells, 'missing cell')} in {counted(self.rows, 'row')}"
        gone = f"{counted(self.removed, 'row')} removed, which no window crosses"
        if self.rule == "drop":
            return f"{told} (missing: drop): {gone}"
        filled = f"{counted(self.filled, 'cell')} filled linearly in time between neighbors"
        rest = (
            f"; {gone} (at the ends, in more than {MOST_FILLED} rows in a row, or a category)" if self.removed else ""
        )
        return f"{told} (missing: interpolate): {filled}{rest}"


def settle(
    values: NDArray[np.float64],
    pieces: Sequence[Pieces],
    rule: MissingRule,
    times: NDArray[np.float64],
    categories: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], list[Pieces], Missing]:
    """Values (rows, D) without NaN in the rows of the returned pieces, those pieces by series, and what was done.

    `pieces` are row numbers in time order by series. A row that keeps a missing cell is removed and cuts its piece. Interpolation
    stays inside a piece, between neighbors in `times` (rows,), over at most `MOST_FILLED` consecutive rows, and leaves features
    that are `categories` (D,) as they are.
    """
    gone = np.isnan(values)
    settled = values
    if rule == "interpolate":
        settled = values.copy()
        for rows in (rows for group in pieces for rows in group):
            for feature in np.flatnonzero(gone[rows].any(axis=0) & ~categories):
                chosen = fillable(gone[rows, feature])
                known = rows[~gone[rows, feature]]
                if chosen.any():
                    filled = np.interp(times[rows[chosen]], times[known], values[known, feature])
                    settled[rows[chosen], feature] = filled
    left: NDArray[np.bool_] = np.asarray(np.isnan(settled).any(axis=1))
    kept = [[part for rows in group for part in _without(rows, left[rows])] for group in pieces]
    filled_cells = int(gone.sum() - np.isnan(settled).sum())
    told = Missing(rule, int(gone.sum()), int(gone.any(axis=1).sum()), filled_cells, int(left.sum()))
    return settled, kept, told


def fillable(gone: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the missing cells (rows,) lie between two known ones, at most `MOST_FILLED` in a row."""
    edges = np.diff(np.concatenate([[0], gone.astype(np.int8), [0]]))
    chosen = np.zeros(len(gone), dtype=bool)
    for start, stop in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        if start > 0 and stop < len(gone) and stop - start <= MOST_FILLED:
            chosen[start:stop] = True
    return chosen


def _without(rows: NDArray[np.int64], left: NDArray[np.bool_]) -> Pieces:
    """The stretches of a piece between rows that are left out."""
    edges = np.diff(np.concatenate([[0], (~left).astype(np.int8), [0]]))
    bounds = zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)
    return [rows[start:stop] for start, stop in bounds]
