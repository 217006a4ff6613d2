"""A recorded data set as validated series of rows, or as a stack of windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.data.arrays import read_windows
from benchmark.data.cells import refuse_missing
from benchmark.data.locate import fingerprint, locate
from benchmark.data.matlab import read_matlab
from benchmark.data.missing import Missing, settle
from benchmark.data.spec import DatasetSpec
from benchmark.data.table import Table, read_csv, read_parquet, refuse_large, row_positions
from benchmark.data.time import Timeline, arrange, counted
from benchmark.errors import UserError

NAMED = ("columns", "drop", "time_column", "time_format", "series_column", "one_hot")
"""Options about columns with names."""


@dataclass(frozen=True)
class Series:
    """Finite float64 values by series.

    `parts` holds one array (T, D) a series; where `windows` is true the file held windows, and each part is one of
    them. `labels` names the series of each part; `source` is the file. Parts are the pieces of a series, in time order, between
    gaps in time and between rows that `missing` removed; `whole` holds the rows of each series before it was cut. `one_hot`
    counts the categories that became features, by column.
    """

    names: tuple[str, ...]
    parts: tuple[NDArray[np.float64], ...]
    labels: tuple[str, ...]
    source: Path
    windows: bool = False
    timeline: Timeline | None = None
    missing: Missing | None = None
    whole: tuple[int, ...] = ()
    one_hot: Mapping[str, int] = field(default_factory=dict)

    @property
    def gaps(self) -> int:
        """Places in time where a series is cut, and rows that are left out."""
        return (self.timeline.gaps if self.timeline else 0) + (self.missing.removed if self.missing else 0)

    @property
    def remarks(self) -> list[str]:
        """What was done to cells of the file, a sentence each."""
        told = [self.missing.sentence()] if self.missing and self.missing.cells else []
        made = [
            f"column '{name}' became {counted(kinds, 'feature')} of 0 and 1" for name, kinds in self.one_hot.items()
        ]
        return [*told, *made]

    @property
    def pieces(self) -> dict[str, list[NDArray[np.float64]]]:
        """The pieces (T, D) of each series in time order, by the series' name."""
        found: dict[str, list[NDArray[np.float64]]] = {}
        for label, part in zip(self.labels, self.parts, strict=True):
            found.setdefault(label, []).append(part)
        return found

    @property
    def rows(self) -> int:
        """Rows of all series together; windows, where the file held windows."""
        return len(self.parts) if self.windows else sum(len(part) for part in self.parts)


def load_series(spec: DatasetSpec, data_dir: Path | None) -> Series:
    """The data set's file, checked; raises UserError naming file, column and first bad row, SkipCell if absent."""
    fingerprint(spec, data_dir)
    path = locate(spec, data_dir)
    if spec.holds_windows:
        series = _windows(path, spec)
    elif spec.suffix == ".mat":
        _refuse_options(spec, path, "has no named columns", *NAMED)
        values = read_matlab(path, spec)
        names = tuple(f"{spec.array}{index}" for index in range(1, values.shape[1] + 1))
        refuse_large(values, path, names, missing=True)
        if spec.missing is None:
            refuse_missing(values, names, {}, row_positions(len(values)), path)
        series = _of_rows(Table(names, values, np.zeros(len(names), dtype=bool)), path, spec)
    else:
        table = read_csv(path, spec) if spec.suffix == ".csv" else read_parquet(path, spec)
        series = _of_rows(table, path, spec)
    for what, found, stated in (("rows", series.rows, spec.rows), ("features", len(series.names), spec.features)):
        if stated is not None and found != stated:
            raise UserError(
                f"'{path}' has {found} {what}, but the data set '{spec.id}' states {stated}; correct '{what}'."
            )
    return series


def _windows(path: Path, spec: DatasetSpec) -> Series:
    _refuse_options(spec, path, "holds windows, not rows", *NAMED, "series_length", "missing")
    values = read_windows(path, spec)
    names = tuple(f"feature_{index}" for index in range(1, values.shape[2] + 1))
    return Series(names, tuple(values), tuple(str(i) for i in range(1, len(values) + 1)), path, windows=True)


def _refuse_options(spec: DatasetSpec, path: Path, reason: str, *options: str) -> None:
    for option in options:
        if getattr(spec, option):
            raise UserError(f"the data set '{spec.id}' sets '{option}', but '{path}' {reason}; remove it.")


def _of_rows(table: Table, path: Path, spec: DatasetSpec) -> Series:
    """Each series in time order, cut at its gaps and where rows are left out; raises UserError for one without rows."""
    groups = _groups(table, path, spec)
    pieces, timeline = [[rows] for rows in groups.values()], None
    if table.stamps is not None:
        pieces, timeline = arrange(table.stamps, list(groups.values()), path)
    values, missing = table.values, None
    if spec.missing is not None:
        times = table.stamps.values if table.stamps is not None else np.arange(len(values), dtype=np.float64)
        values, pieces, missing = settle(values, pieces, spec.missing, times, table.categories)
    empty = [name for name, kept in zip(groups, pieces, strict=True) if not kept]
    if empty:
        which = f"series '{empty[0]}' of '{path}'" if spec.has_series else f"'{path}'"
        raise UserError(f"{which} has no row left without a missing cell; drop the column that lacks them.")
    parts = tuple(values[rows] for kept in pieces for rows in kept)
    labels = tuple(name for name, kept in zip(groups, pieces, strict=True) for _ in kept)
    whole = tuple(len(rows) for rows in groups.values())
    series = Series(table.names, parts, labels, path, False, timeline, missing, whole, table.one_hot)
    if not spec.within_series and series.gaps:
        raise UserError(
            f"the data set '{spec.id}' says that 'within_series' is false, but '{path}' has {cuts_text(series)}, which no window "
            "may cross; set 'within_series: true'."
        )
    return series


def cuts_text(series: Series) -> str:
    """The gaps in time and the rows left out, each with its number: '2 gaps in time (column 'date', step 1 d)'."""
    timeline, missing = series.timeline, series.missing
    told = []
    if timeline and timeline.gaps:
        told.append(f"{counted(timeline.gaps, 'gap')} in time (column '{timeline.column}', step {timeline.step})")
    if missing and missing.removed:
        told.append(f"{counted(missing.removed, 'row')} left out for missing cells")
    return " and ".join(told)


def _groups(table: Table, path: Path, spec: DatasetSpec) -> dict[str, NDArray[np.int64]]:
    """Row numbers by series, in order of first appearance; series of one length where no column tells them apart."""
    if table.series is None:
        count = len(table.values)
        length = spec.series_length or count
        if count % length:
            raise UserError(
                f"'{path}' has {count} rows, which is no multiple of the series length {length}; correct it."
            )
        return {str(i): rows for i, rows in enumerate(np.arange(count).reshape(-1, length), start=1)}
    indices: dict[str, list[int]] = {}
    for index, name in enumerate(table.series):
        indices.setdefault(name, []).append(index)
    return {name: np.asarray(rows) for name, rows in indices.items()}
