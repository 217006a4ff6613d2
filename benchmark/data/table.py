"""Tables with named columns, from CSV and Parquet: which columns are features, and what they hold."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.data.categories import one_hot
from benchmark.data.cells import LARGEST, is_number, numbers, refuse_bad, refuse_missing
from benchmark.data.dates import is_date
from benchmark.data.spec import DatasetSpec
from benchmark.data.time import STAMP_NAMES, Stamps, parse_stamps
from benchmark.errors import UserError, unknown

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Table:
    """Float64 values (rows, D) in file order, the features' names, each row's series and time where a column says so.

    Values are finite, or NaN where a cell is missing and the data set says what becomes of it; `categories` (D,) marks features
    that are one category each, `one_hot` how many of them a column became.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    categories: NDArray[np.bool_]
    series: tuple[str, ...] | None = None
    stamps: Stamps | None = None
    one_hot: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """A column of a file: its cells as text, made when they are asked for, and as numbers (rows,) where it holds them."""

    texts: Callable[[], list[str]]
    numbers: NDArray[np.float64] | None = None


def read_csv(path: Path, spec: DatasetSpec) -> Table:
    """The features of a comma-separated file with a header; raises UserError naming the column and the file's line."""
    text = _text_of(path)
    reader = csv.reader(io.StringIO(text, newline=""))
    rows = _rows(reader, path)
    number, header = next(((line, row) for line, row in rows if not _is_blank(row)), (0, []))
    if not header:
        raise UserError(f"'{path}' is empty; it needs a header line and rows of numbers.")
    header = [name.strip() for name in header]
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        raise UserError(f"'{path}' has the one column '{header[0]}'; save it with commas between the columns.")
    _check_header(header, f"'{path}', line {number}")
    kept: list[list[str]] = []
    lines: list[str] = []
    for line, row in rows:
        if _is_blank(row) and len(row) < 2:
            if len(header) > 1:
                continue
            row = [""]  # An empty line in a file of one column is a missing cell.
        if len(row) != len(header):
            raise UserError(
                f"'{path}', line {line}, has {len(row)} cells, but the header has {len(header)}; correct the line."
            )
        kept.append(row)
        lines.append(f"line {line}")
    while kept and _is_blank(kept[-1]):
        kept.pop()
        lines.pop()
    cells = {name: [row[index] for row in kept] for index, name in enumerate(header)}
    return _table({name: Column(partial(list, cells[name])) for name in header}, lines, path, spec, "a header")


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
    _check_header(header, f"'{path}'")
    frame.columns = pd.Index(header)
    columns = {name: Column(partial(_texts, frame[name]), _numbers(frame[name])) for name in header}
    return _table(columns, row_positions(len(frame)), path, spec, "columns")


def row_positions(rows: int) -> list[str]:
    """How a message names the rows of a file without lines."""
    return [f"row {row} (counted from 1)" for row in range(1, rows + 1)]


def _table(columns: Mapping[str, Column], positions: Sequence[str], path: Path, spec: DatasetSpec, held: str) -> Table:
    """The features of a file's columns; raises UserError for cells of text, and for missing ones that nothing settles."""
    time_column = _time_column(columns, path, spec)
    features = _features(list(columns), path, spec, time_column)
    if not positions:
        raise UserError(f"'{path}' has {held} but no rows; add rows of numbers.")
    texts: dict[str, list[str]] = {}
    bad: dict[str, NDArray[np.bool_]] = {}
    kinds: dict[str, int] = {}
    names: list[str] = []
    parts: list[NDArray[np.float64]] = []
    for name in features:
        column = columns[name]
        if name in spec.one_hot:
            texts[name] = column.texts()
            made, values = one_hot(name, texts[name], path)
            names += made
            kinds[name] = len(made)
            texts |= dict.fromkeys(made, texts[name])
        elif column.numbers is not None:
            values, names = column.numbers[:, None], [*names, name]
        else:
            texts[name] = column.texts()
            read, bad[name] = numbers(texts[name])
            values, names = read[:, None], [*names, name]
        parts.append(values)
    refuse_bad(texts, bad, positions, path, series=spec.series_column is None)
    _refuse_twice(names, path)
    values = np.column_stack(parts)
    refuse_large(values, path, names, missing=True)
    if spec.missing is None:
        # A missing category is missing in every feature that its column became, and counts once.
        firsts = np.cumsum([0, *(kinds.get(name, 1) for name in features)])[:-1]
        refuse_missing(values[:, firsts], features, texts, positions, path)
    series = None
    if spec.series_column is not None:
        cells = columns[spec.series_column].texts()
        series = tuple(_series_name(cell, path, spec, where) for cell, where in zip(cells, positions, strict=True))
    stamps = None
    if time_column is not None:
        cells, found = columns[time_column].texts(), spec.time_column is None
        stamps = parse_stamps(time_column, cells, positions, path, time_format=spec.time_format, recognised=found)
    categories = np.asarray([name not in features for name in names])
    return Table(tuple(names), values, categories, series, stamps, kinds)


def _time_column(columns: Mapping[str, Column], path: Path, spec: DatasetSpec) -> str | None:
    """The column that holds the time: the one named, else one of dates, else one of distinct numbers with the name of a time.

    Nothing is looked for where `columns` names the features. Raises UserError where several columns hold dates, and where none
    does although the data set says how times are written.
    """
    if spec.time_column is not None or spec.columns is not None:
        return spec.time_column
    aside = (*spec.drop, *spec.one_hot, spec.series_column)
    free = {
        name: column.texts()
        for name, column in columns.items()
        if name not in aside and (column.numbers is None or name.casefold() in STAMP_NAMES)
    }
    # One cell decides: a column that begins with a date is no feature, and a bad cell further down is told by its line.
    firsts = {name: next(filter(str.strip, cells), "") for name, cells in free.items()}
    dates = [name for name, cell in firsts.items() if is_date(cell, spec.time_format)]
    if len(dates) > 1:
        raise UserError(
            f"'{path}' has dates in the columns {' and '.join(repr(name) for name in dates)}; name one as 'time_column' "
            "(--time-column) and the others under 'drop' (--drop)."
        )
    if dates:
        return dates[0]
    told = columns.get(spec.series_column or "")
    series = told.texts() if told is not None else None
    for name, cells in free.items():
        rows = list(zip(series or [""] * len(cells), cells, strict=True))
        if name.casefold() in STAMP_NAMES and len(set(rows)) == len(rows) > 1 and all(map(is_number, cells)):
            return name
    if spec.time_format is not None:
        raise UserError(
            f"'{path}' has no column of times of the format {spec.time_format}; name it under 'time_column' (--time-column)."
        )
    return None


def _with_index(frame: pd.DataFrame, spec: DatasetSpec) -> pd.DataFrame:
    """A frame whose index levels are columns where they hold dates or the data set names them."""
    import pandas as pd

    # As pandas calls them on `reset_index`; unnamed levels of one index need names of their own.
    alone = frame.index.nlevels == 1
    names = [
        ("index" if alone else f"level_{number}") if name is None else str(name)
        for number, name in enumerate(frame.index.names)
    ]
    frame = frame.rename_axis(index=names)
    levels = [frame.index.get_level_values(name) for name in names]
    wanted = [
        name
        for name, level in zip(names, levels, strict=True)
        if name not in frame.columns
        and (isinstance(level, pd.DatetimeIndex) or name in (spec.time_column, spec.series_column))
    ]
    return frame.reset_index(level=wanted) if wanted else frame


def _texts(column: pd.Series[Any]) -> list[str]:
    """A column as a CSV file would hold it."""
    import pandas as pd

    if isinstance(column.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(column.dtype):
        return ["" if pd.isna(moment) else moment.isoformat() for moment in column]
    return list(column.astype("string").fillna(""))


def _numbers(column: pd.Series[Any]) -> NDArray[np.float64] | None:
    """A column's numbers, NaN where one is missing; None for a column that holds something else."""
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        return None
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def refuse_large(values: NDArray[np.float64], path: Path, names: Sequence[str], *, missing: bool) -> None:
    """Raise UserError for the first row (rows, D) with an infinite or too large value; NaN passes where it may be `missing`."""
    bad = ~(np.abs(values) <= LARGEST) & ~(np.isnan(values) & missing)
    if bad.any():
        row = int(bad.any(axis=1).argmax())
        texts = {name: [repr(float(value))] for name, value in zip(names, values[row], strict=True)}
        marks = {name: bad[row, feature : feature + 1] for feature, name in enumerate(names)}
        refuse_bad(texts, marks, row_positions(row + 1)[row:], path)


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
    """The lines of a file, each with its number."""
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(f"'{path}', line {reader.line_num}, is not CSV ({error}); correct the line.") from None
        yield reader.line_num, row


def _is_blank(row: Sequence[str]) -> bool:
    return not any(cell.strip() for cell in row)


def _check_header(header: Sequence[str], where: str) -> None:
    """Raise UserError for names that cannot be told apart; `where` says where they stand in which file."""
    for number, name in enumerate(header, start=1):
        if not name:
            raise UserError(f"{where}: column {number} has no name; name every column.")
    twice = [name for name, times in Counter(header).items() if times > 1]
    if twice:
        raise UserError(f"{where}: the column name '{twice[0]}' occurs twice; rename one of the two.")
    if all(is_number(name) for name in header):
        raise UserError(
            f"{where}: all names of columns are numbers; name every column, in a header line where there is none."
        )


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
    for name in spec.one_hot:
        if name not in features:
            raise UserError(
                f"the data set '{spec.id}' names '{name}' under 'one_hot' (--one-hot), but that column is no feature."
                if name in header
                else str(unknown("column", name, header, owner=f"'{path}'"))
            )
    if not features:
        raise UserError(f"'{path}' has no column left to be a feature; drop fewer columns.")
    return features


def _refuse_twice(names: Sequence[str], path: Path) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise UserError(f"'{path}': two features would be named '{twice[0]}'; rename the column of that name.")


def _series_name(cell: str, path: Path, spec: DatasetSpec, position: str) -> str:
    if not cell.strip():
        raise UserError(f"'{path}', column '{spec.series_column}', {position}: the series has no name; fill the cell.")
    return cell.strip()
