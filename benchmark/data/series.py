"""A recorded data set as validated series of rows, or as a stack of windows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.data.arrays import read_matlab, read_windows
from benchmark.data.locate import fingerprint, locate
from benchmark.data.spec import DatasetSpec
from benchmark.data.table import Table, read_csv, read_parquet, refuse_bad_numbers
from benchmark.data.time import Timeline, arrange, counted
from benchmark.errors import UserError


@dataclass(frozen=True)
class Series:
    """Finite float64 values by series.

    `parts` holds one array (T, D) a series; where `windows` is true the file held windows, and each part is one of
    them. `labels` names the series of each part; `source` is the file. With a `timeline` parts are the pieces of the series
    between its gaps, in time order.
    """

    names: tuple[str, ...]
    parts: tuple[NDArray[np.float64], ...]
    labels: tuple[str, ...]
    source: Path
    windows: bool = False
    timeline: Timeline | None = None

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
        _refuse_options(spec, path, "has no named columns", "columns", "drop", "time_column", "series_column")
        values = read_matlab(path, spec)
        names = tuple(f"{spec.array}{index}" for index in range(1, values.shape[1] + 1))
        refuse_bad_numbers(values, path, names)
        series = _by_length(Table(names, values, None), path, spec)
    else:
        table = read_csv(path, spec) if spec.suffix == ".csv" else read_parquet(path, spec)
        series = _in_time(table, path, spec) if table.stamps is not None else _in_file_order(table, path, spec)
    for what, found, stated in (("rows", series.rows, spec.rows), ("features", len(series.names), spec.features)):
        if stated is not None and found != stated:
            raise UserError(
                f"'{path}' has {found} {what}, but the data set '{spec.id}' states {stated}; correct '{what}'."
            )
    return series


def _windows(path: Path, spec: DatasetSpec) -> Series:
    options = ("columns", "drop", "time_column", "series_column", "series_length")
    _refuse_options(spec, path, "holds windows, not rows", *options)
    values = read_windows(path, spec)
    names = tuple(f"feature_{index}" for index in range(1, values.shape[2] + 1))
    return Series(names, tuple(values), tuple(str(i) for i in range(1, len(values) + 1)), path, windows=True)


def _refuse_options(spec: DatasetSpec, path: Path, reason: str, *options: str) -> None:
    for option in options:
        if getattr(spec, option):
            raise UserError(f"the data set '{spec.id}' sets '{option}', but '{path}' {reason}; remove it.")


def _by_length(table: Table, path: Path, spec: DatasetSpec) -> Series:
    """One series, or series of equal length that stand one after the other."""
    length = _series_length(table, path, spec)
    parts = tuple(table.values[start : start + length] for start in range(0, len(table.values), length))
    return Series(table.names, parts, tuple(str(i) for i in range(1, len(parts) + 1)), path)


def _series_length(table: Table, path: Path, spec: DatasetSpec) -> int:
    length = spec.series_length or len(table.values)
    if len(table.values) % length:
        raise UserError(
            f"'{path}' has {len(table.values)} rows, which is no multiple of the series length {length}; correct it."
        )
    return length


def _in_file_order(table: Table, path: Path, spec: DatasetSpec) -> Series:
    if table.series is None:
        return _by_length(table, path, spec)
    groups = _groups(table, len(table.values))
    return Series(table.names, tuple(table.values[rows] for rows in groups.values()), tuple(groups), path)


def _in_time(table: Table, path: Path, spec: DatasetSpec) -> Series:
    """Each series in time order, cut at its gaps; raises UserError where series are to be joined and one has a gap."""
    if table.stamps is None:
        raise ValueError("the table has no time column")
    length = len(table.values) if table.series is not None else _series_length(table, path, spec)
    groups = _groups(table, length)
    arranged, timeline = arrange(table.stamps, list(groups.values()), path)
    if timeline.gaps and not spec.within_series:
        raise UserError(
            f"the data set '{spec.id}' says that 'within_series' is false, but '{path}' has {counted(timeline.gaps, 'gap')} in "
            f"time (column '{timeline.column}'), which no window may cross; set 'within_series: true'."
        )
    parts, labels = [], []
    for name, pieces in zip(groups, arranged, strict=True):
        parts += [table.values[rows] for rows in pieces]
        labels += [name] * len(pieces)
    return Series(table.names, tuple(parts), tuple(labels), path, timeline=timeline)


def _groups(table: Table, length: int) -> dict[str, NDArray[np.int64]]:
    """Row numbers by series, in order of first appearance; series of `length` rows where no column tells them apart."""
    if table.series is None:
        return {str(i): rows for i, rows in enumerate(np.arange(len(table.values)).reshape(-1, length), start=1)}
    indices: dict[str, list[int]] = {}
    for index, name in enumerate(table.series):
        indices.setdefault(name, []).append(index)
    return {name: np.asarray(rows) for name, rows in indices.items()}
