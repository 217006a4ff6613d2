"""How the rows of a file stand in time: their order, the step between them, and the gaps that no window may cross."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.data.dates import COMPACT_FORMAT, are_compact, iso_seconds, read_dates
from benchmark.errors import UserError

STAMP_NAMES = ("time", "timestamp", "date", "datetime", "ts", "epoch")
"""Names by which a column of distinct numbers is taken for the time."""
TOLERANCE = 0.5
"""Of a step: a difference between two rows that is farther from it than this is a break."""
LEAST_REGULAR = 0.5
"""The share of differences that must be within the tolerance for a series to have a step at all."""
BUSINESS_GAP = 5
"""Business days: a week without rows is a gap, and holidays, which the calendar does not know, are none."""
ZONE = re.compile(r"(Z|[+-]\d{2}:?\d{2})$")
DAY = 86_400.0
UNITS = ((DAY, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"))


@dataclass(frozen=True)
class Timeline:
    """What is known of a file's time column: its step as text, rows out of order, gaps, the largest gap as text.

    `recognised` says that nobody named the column; `form` how its dates were read, empty for ISO dates and for numbers.
    """

    column: str
    step: str
    unordered: int
    gaps: int
    largest: str
    recognised: bool = False
    form: str = ""


@dataclass(frozen=True)
class Stamps:
    """A time column as it was read: numbers (rows,), seconds where it holds dates, and where in the file each row stands.

    `clock` is what a clock on the wall showed: the seconds without the dates' offset from UTC.
    """

    column: str
    values: NDArray[np.float64]
    clock: NDArray[np.float64]
    dates: bool
    texts: Sequence[str]
    positions: Sequence[str]
    recognised: bool = False
    form: str = ""


def parse_stamps(
    column: str,
    cells: Sequence[str],
    positions: Sequence[str],
    path: Path,
    *,
    time_format: str | None = None,
    recognised: bool = False,
) -> Stamps:
    """Numbers, or dates as seconds since 1970, those without a zone as if in UTC; raises UserError for anything else.

    Numbers that are all dates such as 20260131 are dates: as numbers they would jump at the end of each month.
    """
    texts = [cell.strip() for cell in cells]
    if time_format is None and are_compact(texts):
        time_format = COMPACT_FORMAT
    if time_format is None:
        try:
            numbers = np.asarray([float(text) for text in texts])
            if np.isfinite(numbers).all():
                return Stamps(column, numbers, numbers, False, texts, positions, recognised)
        except ValueError:
            pass
    read = read_dates(texts, time_format, column, path)
    seconds = read.seconds
    bad = np.flatnonzero(np.isnan(seconds))
    if len(bad):
        row = int(bad[0])
        where = f"'{path}', column '{column}', {positions[row]}"
        if not texts[row]:
            raise UserError(f"{where}: the row has no time; fill it or remove the row.")
        raise UserError(
            f"{where}: '{texts[row]}' is no time{f' of the format {time_format}' if time_format else ''}; write ISO dates such "
            "as 2026-01-31 23:00:00 or numbers, say how they are written with `--time-format` ('time_format' in a YAML file), or "
            "name the column under 'drop' to take the rows as they follow."
        )
    zoned = [bool(ZONE.search(text)) and ":" in text for text in texts]
    if any(zoned) and not all(zoned):
        row = zoned.index(not zoned[0])
        raise UserError(
            f"'{path}', column '{column}', {positions[row]}: some times have a zone and some have none; write all of them alike."
        )
    clock = iso_seconds([ZONE.sub("", text) for text in texts]) if all(zoned) and not read.form else seconds
    return Stamps(column, seconds, clock, True, texts, positions, recognised, read.form)


def arrange(
    stamps: Stamps, groups: Sequence[NDArray[np.int64]], path: Path
) -> tuple[list[list[NDArray[np.int64]]], Timeline]:
    """The row numbers of each group in time order, cut at gaps; raises UserError for equal times and for times without a step.

    A break is a difference that is off the step, the median difference, by more than half of it. Times that share the day of
    the month are counted in months; days that are weekdays throughout in business days, of which a week must be missing.
    """
    pieces, steps, unordered, gaps = [], [], 0, []
    for rows in groups:
        times = stamps.values[rows]
        order = np.argsort(times, kind="stable")
        unordered += int(np.count_nonzero(np.diff(times) < 0))
        rows, times = rows[order], times[order]
        _refuse_equal(stamps, rows, times, path)
        index, unit = _index(times, stamps.clock[rows], dates=stamps.dates)
        differences = np.diff(index)
        step = float(np.median(differences)) if len(differences) else 1.0
        off = np.abs(differences - step) > TOLERANCE * step
        if unit == "business days":
            off &= differences > BUSINESS_GAP
        if off.mean() > 1 - LEAST_REGULAR if len(off) else False:
            raise UserError(
                f"'{path}', column '{stamps.column}', has no step: {100 * off.mean():.0f} % of the differences are not "
                f"within half of their median, {_span(step, unit)}; resample the rows, or name the column under 'drop' to "
                "take them as they follow."
            )
        steps.append(_span(step, unit))
        gaps += [(float(size), _span(float(size), unit)) for size in differences[off]]
        pieces.append(np.split(rows, np.flatnonzero(off) + 1))
    largest = max(gaps)[1] if gaps else ""
    told = ", ".join(dict.fromkeys(steps))
    return pieces, Timeline(stamps.column, told, unordered, len(gaps), largest, stamps.recognised, stamps.form)


def counted(number: int, noun: str) -> str:
    """A number with its noun: '1 gap', '2 gaps'."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _refuse_equal(stamps: Stamps, rows: NDArray[np.int64], times: NDArray[np.float64], path: Path) -> None:
    same = np.flatnonzero(np.diff(times) == 0)
    if len(same):
        first, second = (int(row) for row in rows[same[0] : same[0] + 2])
        raise UserError(
            f"'{path}', column '{stamps.column}', {stamps.positions[first]} and {stamps.positions[second]}: the time "
            f"'{stamps.texts[second]}' occurs twice; name the column that tells the series apart under 'series_column', or "
            "remove one of the rows."
        )


def _index(times: NDArray[np.float64], clock: NDArray[np.float64], *, dates: bool) -> tuple[NDArray[np.float64], str]:
    """Times on the scale on which they are regular, and its unit: "months", "business days", "s", or "" for plain numbers.

    Days and months are those of the `clock` on the wall: midnight in Tokyo is the day before in UTC.
    """
    if not dates or len(times) < 3:
        return times, "s" if dates else ""
    moments = clock.astype("datetime64[s]")
    days = moments.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    within = moments - months.astype("datetime64[s]")
    if (within == within[0]).all():
        return months.astype(np.int64).astype(np.float64), "months"
    midnight = moments - days.astype("datetime64[s]")
    if (midnight == midnight[0]).all() and np.is_busday(days).all() and len(days) > BUSINESS_GAP:
        return np.busday_count(days[0], days).astype(np.float64), "business days"
    return times, "s"


def _span(size: float, unit: str) -> str:
    if unit != "s":
        return f"{size:g} {unit.removesuffix('s') if size == 1 else unit}".strip()
    scale, name = next(((scale, name) for scale, name in UNITS if size >= scale), UNITS[-1])
    return f"{size / scale:g} {name}"
