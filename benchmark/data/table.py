"""Tables with named columns, from CSV and Parquet: which columns are features, and what is wrong with a cell."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from benchmark.data.spec import DatasetSpec
from benchmark.data.time import STAMP_NAMES, Stamps, is_stamp, parse_stamps
from benchmark.errors import UserError, unknown

if TYPE_CHECKING:
    import pandas as pd

LARGEST = 1e300
"""Beyond it the range of a feature could overflow when it is scaled."""


@dataclass(frozen=True)
class Table:
    """Finite float64 values (rows, D) in file order, the features' names, each row's series and time where a column says so."""

    names: tuple[str, ...]
    values: NDArray[np.float64]
    series: tuple[str, ...] | None
    stamps: Stamps | None = None


def read_csv(path: Path, spec: DatasetSpec) -> Table:
    """The features of a comma-separated file with a header; raises UserError naming the column and the file's line."""
    text = _text_of(path)
    reader = csv.reader(io.StringIO(text, newline=""))
    rows = _rows(reader, path)
    _, header = next(rows, (0, []))
    if not header:
        raise UserError(f"'{path}' is empty; it needs a header line and rows of numbers.")
    header = [name.strip() for name in header]
    _check_header(header, path)
    kept: list[tuple[int, list[str]]] = []
    for line, row in rows:
        if len(row) != len(header):
            raise UserError(
                f"'{path}', line {line}, has {len(row)} cells, but the header has {len(header)}; correct the line."
            )
        kept.append((line, row))
    columns = {name: [row[index] for _, row in kept] for index, name in enumerate(header)}
    time_column = _time_column(columns, path, spec)
    features = _features(header, path, spec, time_column)
    indices = [header.index(name) for name in features]
    series_place = header.index(spec.series_column) if spec.series_column is not None else None
    values: list[list[float]] = []
    series: list[str] = []
    for line, row in kept:
        try:
            values.append([_number(row[index]) for index in indices])
        except ValueError:
            _explain(path, features, [row[index] for index in indices], f"line {line}")
        if series_place is not None:
            series.append(_series_name(row[series_place], path, spec, f"line {line}"))
    if not values:
        raise UserError(f"'{path}' has a header but no rows; add rows of numbers.")
    stamps = None
    if time_column is not None:
        lines = [f"line {line}" for line, _ in kept]
        stamps = parse_stamps(time_column, columns[time_column], lines, path, recognised=spec.time_column is None)
    return Table(tuple(features), np.asarray(values, dtype=np.float64), tuple(series) if series else None, stamps)


def _time_column(columns: Mapping[str, Sequence[str]], path: Path, spec: DatasetSpec) -> str | None:
    """The column that holds the time: the one named, else one of dates, else one of distinct numbers with the name of a time.

    Nothing is looked for where `columns` names the features. Raises UserError where several columns hold dates.
    """
    if spec.time_column is not None or spec.columns is not None:
        return spec.time_column
    free = {name: cells for name, cells in columns.items() if name not in (*spec.drop, spec.series_column)}
    # One cell decides: a column that begins with a date is no feature, and a bad cell further down is told by its line.
    dates = [name for name, cells in free.items() if is_stamp(cells[:1])]
    if len(dates) > 1:
        raise UserError(
            f"'{path}' has dates in the columns {' and '.join(repr(name) for name in dates)}; name one as 'time_column' and the "
            "others under 'drop'."
        )
    if dates:
        return dates[0]
    series = columns.get(spec.series_column or "", [""] * len(next(iter(columns.values()), [])))
    for name, cells in free.items():
        rows = list(zip(series, cells, strict=True))
        if name.casefold() in STAMP_NAMES and len(set(rows)) == len(rows) > 1 and all(map(_is_number, cells)):
            return name
    return None


def read_parquet(path: Path, spec: DatasetSpec) -> Table:
    """The features of a Parquet file; raises UserError naming the column and the row, counted from 1."""
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except ImportError:
        raise UserError(f"reading '{path}' needs pyarrow; `pip install \"timemar-benchmark[parquet]\"`.") from None
    except (ValueError, OSError) as error:
        raise UserError(f"'{path}' is not a readable Parquet file ({type(error).__name__}); write it again.") from None
    frame = _with_index(frame, spec)
    header = [str(name) for name in frame.columns]
    _check_header(header, path)
    frame.columns = pd.Index(header)
    if frame.empty:
        raise UserError(f"'{path}' has columns but no rows; add rows of numbers.")
    columns = {
        name: _texts(frame[name]) for name in header if name == spec.time_column or _may_be_time(frame[name], name)
    }
    if spec.series_column in header:
        columns[spec.series_column] = _texts(frame[spec.series_column])
    time_column = _time_column(columns, path, spec)
    features = _features(header, path, spec, time_column)
    for name in features:
        kind = frame[name].dtype
        if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
            raise UserError(
                f"'{path}', column '{name}', holds {kind}, not numbers; name it under 'drop' or convert it."
            )
    values = np.column_stack([frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in features])
    refuse_bad_numbers(values, path, features)
    series = None
    if spec.series_column is not None:
        cells = frame[spec.series_column].astype("string").fillna("")
        series = tuple(
            _series_name(cell, path, spec, f"row {i} (counted from 1)") for i, cell in enumerate(cells, start=1)
        )
    stamps = None
    if time_column is not None:
        rows = [f"row {i} (counted from 1)" for i in range(1, len(frame) + 1)]
        stamps = parse_stamps(time_column, columns[time_column], rows, path, recognised=spec.time_column is None)
    return Table(tuple(features), values, series, stamps)


def _with_index(frame: pd.DataFrame, spec: DatasetSpec) -> pd.DataFrame:
    """A frame whose index levels are columns where they hold dates or the data set names them."""
    import pandas as pd

    names = ["index" if name is None else str(name) for name in frame.index.names]
    frame = frame.rename_axis(index=names)
    levels = [frame.index.get_level_values(name) for name in names]
    wanted = [
        name
        for name, level in zip(names, levels, strict=True)
        if name not in frame.columns
        and (isinstance(level, pd.DatetimeIndex) or name in (spec.time_column, spec.series_column))
    ]
    return frame.reset_index(level=wanted) if wanted else frame


def _may_be_time(column: pd.Series[Any], name: str) -> bool:
    import pandas as pd

    return not pd.api.types.is_numeric_dtype(column.dtype) or name.casefold() in STAMP_NAMES


def _texts(column: pd.Series[Any]) -> list[str]:
    """A column as a CSV file would hold it."""
    import pandas as pd

    if isinstance(column.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(column.dtype):
        return ["" if pd.isna(moment) else moment.isoformat() for moment in column]
    return list(column.astype("string").fillna(""))


def refuse_bad_numbers(values: NDArray[np.float64], path: Path, names: Sequence[str]) -> None:
    """Raise UserError for the first row (rows, D) with a value that is not finite or too large, counted from 1."""
    bad = ~(np.abs(values) <= LARGEST)
    if bad.any():
        row = int(bad.any(axis=1).argmax())
        _explain(path, names, [repr(float(value)) for value in values[row]], f"row {row + 1} (counted from 1)")


def _text_of(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"the data file '{path}' cannot be read ({error.strerror}); check the path.") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UserError(f"'{path}', line {line}, is not UTF-8 text; save the file as UTF-8.") from None


def _rows(reader: Any, path: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines that hold something, each with its number in the file."""
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(f"'{path}', line {reader.line_num}, is not CSV ({error}); correct the line.") from None
        if any(cell.strip() for cell in row):
            yield reader.line_num, row


def _check_header(header: Sequence[str], path: Path) -> None:
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        raise UserError(f"'{path}' has the one column '{header[0]}'; save it with commas between the columns.")
    for number, name in enumerate(header, start=1):
        if not name:
            raise UserError(f"'{path}', line 1: column {number} has no name; name every column in the header.")
    twice = [name for name, times in Counter(header).items() if times > 1]
    if twice:
        raise UserError(f"'{path}', line 1: the column name '{twice[0]}' occurs twice; rename one of the two.")
    if all(_is_number(name) for name in header):
        raise UserError(f"'{path}', line 1, holds numbers only; add a header line with a name for every column.")


def _features(header: Sequence[str], path: Path, spec: DatasetSpec, time_column: str | None) -> list[str]:
    """The columns that are features: those asked for, else all that are not dropped, time or series."""
    aside = [*spec.drop, *(name for name in (time_column, spec.series_column) if name is not None)]
    for name in (*(spec.columns or ()), *aside):
        if name not in header:
            raise unknown("column", name, header, owner=f"'{path}'")
    features = list(spec.columns) if spec.columns is not None else [name for name in header if name not in aside]
    twice = [name for name, times in Counter(features).items() if times > 1]
    if twice:
        raise UserError(f"the data set '{spec.id}' names the column '{twice[0]}' twice under 'columns'; name it once.")
    if not features:
        raise UserError(f"'{path}' has no column left to be a feature; drop fewer columns.")
    return features


def _number(cell: str) -> float:
    value = float(cell)
    # float() also reads 1_000, which no spreadsheet means as a number.
    if not abs(value) <= LARGEST or "_" in cell:
        raise ValueError
    return value


def _is_number(cell: str) -> bool:
    try:
        _number(cell)
    except ValueError:
        return False
    return True


def _explain(path: Path, names: Sequence[str], cells: Sequence[str], position: str) -> NoReturn:
    """Raise UserError for the first cell of a row that is not a usable number."""
    name, cell = next((name, cell.strip()) for name, cell in zip(names, cells, strict=True) if not _is_number(cell))
    if not cell:
        what = "the cell is empty"
    elif not _is_float(cell):
        what = f"'{cell}' is not a number"
    elif not math.isfinite(float(cell)):
        what = f"'{cell}' is not a finite number"
    else:
        what = f"'{cell}' is too large a number"
    raise UserError(
        f"'{path}', column '{name}', {position}: {what}; correct the cell, or remove the row or the column."
    )


def _is_float(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _series_name(cell: str, path: Path, spec: DatasetSpec, position: str) -> str:
    if not cell.strip():
        raise UserError(f"'{path}', column '{spec.series_column}', {position}: the series has no name; fill the cell.")
    return cell.strip()
