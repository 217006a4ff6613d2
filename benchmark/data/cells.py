"""Cells of a table: which hold a number, which mark a missing one, and what is wrong with the others."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.data.spec import MOST_CATEGORIES, MOST_FILLED
from benchmark.data.time import counted
from benchmark.errors import UserError

LARGEST = 1e300
"""Beyond it the range of a feature could overflow when it is scaled."""
MISSING = ("", "na", "n/a", "#n/a", "nan", "null", "none", "-", "?")
"""What stands in a missing cell of a column of numbers, in any case of letters."""
MOST_TEXT = 0.5
"""The share of a column's cells that may be no numbers before the column counts as one of text."""
MOST_LISTED = 5
"""Categories that a message names at most."""


LIKE_DATES = re.compile(r"\d+\D+\d+")
"""A cell with two numbers or more, which may be a date."""


def is_number(cell: str) -> bool:
    """Whether a cell holds a finite number of usable size."""
    # float() also reads 1_000, which no spreadsheet means as a number.
    return _is_float(cell) and abs(float(cell)) <= LARGEST


def is_missing(cell: str) -> bool:
    """Whether a cell marks a missing number."""
    return cell.strip().casefold() in MISSING


def numbers(cells: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The numbers (rows,) of a column, NaN elsewhere, and which cells (rows,) are neither a number nor missing."""
    try:
        values = np.asarray([float(cell) for cell in cells], dtype=np.float64)
        if (np.abs(values) <= LARGEST).all() and not any("_" in cell for cell in cells):
            return values, np.zeros(len(cells), dtype=bool)
    except ValueError:
        pass
    held = [is_number(cell) for cell in cells]
    values = np.asarray([float(cell) if good else math.nan for cell, good in zip(cells, held, strict=True)])
    bad = [not good and not is_missing(cell) for cell, good in zip(cells, held, strict=True)]
    return values, np.asarray(bad, dtype=bool)


def refuse_bad(
    columns: Mapping[str, Sequence[str]],
    bad: Mapping[str, NDArray[np.bool_]],
    positions: Sequence[str],
    path: Path,
    *,
    series: bool = False,
) -> None:
    """Raise UserError for the first row with a cell that is no number, with the options that a column of text has.

    `bad` marks the cells (rows,) of each column that are neither a number nor missing; `series` says that a column could tell
    series apart, as none does so far.
    """
    found = {name: int(marks.argmax()) for name, marks in bad.items() if marks.any()}
    if not found:
        return
    name = min(found, key=lambda column: found[column])
    row = found[name]
    cell = columns[name][row].strip()
    where = f"'{path}', column '{name}', {positions[row]}"
    if not _is_float(cell):
        what = f"'{cell}' is not a number"
    elif not math.isfinite(float(cell)):
        what = f"'{cell}' is not a finite number"
    else:
        what = f"'{cell}' is too large a number"
    texts = [column for column in found if _holds_text(columns[column], bad[column])]
    if name not in texts:
        raise UserError(f"{where}: {what}; correct the cell, or remove the row or the column.")
    others = [repr(column) for column in texts if column != name]
    more = f"; {' and '.join(others)} hold{'s' if len(others) == 1 else ''} text too" if others else ""
    raise UserError(f"{where}: {what}; {_text_options(name, columns[name], series)}{more}.")


def refuse_missing(
    values: NDArray[np.float64],
    names: Sequence[str],
    texts: Mapping[str, Sequence[str]],
    positions: Sequence[str],
    path: Path,
) -> None:
    """Raise UserError for the first row (rows, D) with a missing cell, with their number and what may be done about them."""
    gone = np.isnan(values)
    if not gone.any():
        return
    rows: NDArray[np.bool_] = np.asarray(gone.any(axis=1))
    row = int(rows.argmax())
    name = names[int(gone[row].argmax())]
    cell = texts[name][row].strip() if name in texts else ""
    what = f"'{cell}' marks a missing cell" if cell else "the cell is empty"
    raise UserError(
        f"'{path}', column '{name}', {positions[row]}: {what} ({counted(int(gone.sum()), 'missing cell')} in "
        f"{int(rows.sum()):,} of {counted(len(rows), 'row')}); `--missing drop` leaves such rows out, `--missing interpolate` "
        f"fills at most {MOST_FILLED} in a row linearly in time (where a command has no --missing, the key `missing` of the "
        "data set's YAML file does the same), or correct the cells."
    )


def _holds_text(cells: Sequence[str], bad: NDArray[np.bool_]) -> bool:
    texts = sum(not _is_float(cell) for cell, mark in zip(cells, bad.tolist(), strict=True) if mark)
    return texts > MOST_TEXT * sum(not is_missing(cell) for cell in cells)


def _text_options(name: str, cells: Sequence[str], series: bool) -> str:
    """What may be done with a column of text."""
    kinds = sorted({cell.strip() for cell in cells if cell.strip()})
    away = f"`--drop {name}` leaves the column out ('drop' in a YAML file)"
    if len(kinds) > MOST_CATEGORIES:
        dated = (
            "`--time-format` says how dates are written, such as '%d/%m/%y %H:%M' ('time_format'), and "
            if all(map(LIKE_DATES.search, kinds))
            else ""
        )
        return f"the column holds text, {len(kinds):,} different ones: {dated}{away}"
    listed = ", ".join(kinds[:MOST_LISTED]) + (", …" if len(kinds) > MOST_LISTED else "")
    noun = "category" if len(kinds) == 1 else "categories"
    apart = f"`--series-column {name}` takes each for a series of its own ('series_column'), " if series else ""
    return (
        f"the column holds {len(kinds)} {noun} ({listed}): `--one-hot {name}` makes each a feature ('one_hot' in a YAML file), "
        f"{apart}{away}"
    )


def _is_float(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell
