"""Dates as files write them: ISO, year first, and day or month first where the column tells which."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.data.spec import TIME_FORMATS
from benchmark.errors import UserError

EPOCHS = {"epoch": 1.0, "epoch-ms": 1e3}
"""Units of a second in numbers that count from 1970."""
ISO = re.compile(r"\d{4}-\d{2}")
COMPACT, COMPACT_FORMAT = re.compile(r"(?:19|20|21)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"), "%Y%m%d"
"""Dates without marks between year, month and day, which are numbers too."""
FORM = re.compile(
    r"(?:(?P<year>\d{4})(?P<a>[/.-])(?P<month>\d{1,2})(?P=a)(?P<day>\d{1,2})"
    r"|(?P<first>\d{1,2})(?P<b>[/.-])(?P<second>\d{1,2})(?P=b)(?P<last>\d{4}))"
    r"(?:(?:T|,? +)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<rest>\d{2}(?:\.\d{1,9})?))? *(?P<half>[AaPp][Mm])?)?"
)


@dataclass(frozen=True)
class Dates:
    """Seconds since 1970 (rows,), NaN for what is no date, and how the dates were read, empty for ISO."""

    seconds: NDArray[np.float64]
    form: str = ""


def is_date(cell: str, time_format: str | None) -> bool:
    """Whether a cell is a date that is read without its column being named; a number is none."""
    text = cell.strip()
    if time_format is not None and "%" in time_format:
        return math.isnan(_number(text)) and not np.isnan(_by_format([text], time_format)).any()
    return bool(FORM.fullmatch(text)) or (bool(ISO.match(text)) and not np.isnan(iso_seconds([text])).any())


def are_compact(texts: Sequence[str]) -> bool:
    """Whether all of several cells are dates such as 20260131."""
    return all(map(COMPACT.fullmatch, texts)) and not np.isnan(_by_format(texts, COMPACT_FORMAT)).any()


def read_dates(texts: Sequence[str], time_format: str | None, column: str, path: Path) -> Dates:
    """A column of dates; raises UserError where the order of day and month cannot be told from it."""
    if time_format is not None and "%" in time_format:
        return Dates(_by_format(texts, time_format), time_format)
    if time_format in EPOCHS:
        return Dates(np.asarray([_number(text) for text in texts]) / EPOCHS[time_format], time_format)
    first = next(filter(None, texts), "")
    if time_format is None and not np.isnan(iso_seconds([first])).any():
        return Dates(iso_seconds(texts))
    matches = [FORM.fullmatch(text) for text in texts]
    undecided = [match for match in matches if match and match["first"]]
    order = time_format if time_format in TIME_FORMATS else _order(undecided, column, path) if undecided else None
    form = f"{order.replace('-first', '')} first" if order and undecided else ""
    return Dates(iso_seconds([_as_iso(match, order == "day-first") for match in matches]), form)


def iso_seconds(texts: Sequence[str]) -> NDArray[np.float64]:
    """ISO dates as seconds since 1970, those without a zone as if in UTC; NaN for what is none."""
    return _parsed(texts, "ISO8601")


def _by_format(texts: Sequence[str], time_format: str) -> NDArray[np.float64]:
    try:
        return _parsed(texts, time_format)
    except ValueError as error:
        raise UserError(f"the time format '{time_format}' is not understood ({error}); correct it.") from None


def _parsed(texts: Sequence[str], time_format: str) -> NDArray[np.float64]:
    import pandas as pd

    parsed = pd.to_datetime(pd.Series(list(texts), dtype="string"), format=time_format, utc=True, errors="coerce")
    # Nanoseconds reach from 1677 to 2262 alone.
    seconds = parsed.dt.tz_localize(None).dt.as_unit("us").to_numpy(dtype="datetime64[us]")
    return np.where(np.isnat(seconds), np.nan, seconds.astype(np.int64) / 1e6)


def _order(matches: Sequence[re.Match[str]], column: str, path: Path) -> str:
    """Which of day and month stands first in dates such as 31/01/2024; raises UserError where none or both may."""
    day_first = next((match for match in matches if int(match["first"]) > 12), None)
    month_first = next((match for match in matches if int(match["second"]) > 12), None)
    where = f"'{path}', column '{column}'"
    if day_first and month_first:
        raise UserError(
            f"{where}: '{day_first[0]}' has the day first and '{month_first[0]}' the month; write all dates alike, best as "
            "2026-01-31."
        )
    if day_first is None and month_first is None:
        raise UserError(
            f"{where}: '{matches[0][0]}' may have the day or the month first, and no date of the column tells which; say "
            "`--time-format day-first` or `--time-format month-first` ('time_format' in a YAML file)."
        )
    return "day-first" if day_first else "month-first"


def _as_iso(match: re.Match[str] | None, day_first: bool) -> str:
    """A date as ISO text, empty where there is none."""
    if match is None:
        return ""
    year = match["year"] or match["last"]
    fields = (match["second"], match["first"]) if day_first else (match["first"], match["second"])
    month, day = (match["month"], match["day"]) if match["year"] else fields
    hour = int(match["hour"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            return ""
        hour = hour % 12 + 12 * (match["half"].lower() == "pm")
    return f"{year}-{int(month):02d}-{int(day):02d}T{hour:02d}:{match['minute'] or '00'}:{match['rest'] or '00'}"


def _number(text: str) -> float:
    """A finite number, NaN for everything else."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan
