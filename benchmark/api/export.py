"""Windows as files that other programs read."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.data.windows import WINDOW_COLUMNS as INDEX
from benchmark.errors import UserError, unknown
from benchmark.files import replacing

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("csv", "parquet", "npy")
DIGITS = 12
"""Of a number in CSV: more than float32 samples hold, and without the tail of binary fractions."""
MOST_DIGITS = 17
"""Of a number of float64."""


def check_format(format: str) -> None:  # noqa: A002 - the option's own name
    """Raise UserError for a format that does not exist, or whose library is not installed."""
    if format not in FORMATS:
        raise unknown("format", format, FORMATS)
    if format == "parquet":
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise UserError(
                'the format parquet needs pyarrow; `pip install "timemar-benchmark[parquet]"`, or take csv or npy.'
            ) from None


def windows_table(windows: NDArray[Any], features: tuple[str, ...]) -> pd.DataFrame:
    """Windows (N, T, D) as a table of N T rows: columns `window`, `step`, then the features.

    Raises:
        UserError: A feature has the name of one of the first two columns.
    """
    import pandas as pd

    taken = [name for name in features if name in INDEX]
    if taken:
        raise UserError(
            f"a feature has the name '{taken[0]}', which a table of windows needs for itself; take the format npy."
        )
    count, length, _ = windows.shape
    frame = pd.DataFrame(windows.reshape(count * length, -1), columns=list(features))
    frame.insert(0, INDEX[0], np.repeat(np.arange(count), length))
    frame.insert(1, INDEX[1], np.tile(np.arange(length), count))
    return frame


def csv_text(windows: NDArray[Any], features: tuple[str, ...]) -> str:
    """Windows (N, T, D) as CSV, one row a step; raises UserError as `windows_table` does."""
    frame = windows_table(windows, features)
    for name in features:
        digits = digits_of(frame[name].to_numpy())
        frame[name] = [f"{value:.{digits}g}" for value in frame[name].tolist()]
    return frame.to_csv(index=False, lineterminator="\n")


def digits_of(values: NDArray[Any]) -> int:
    """The digits that keep values apart as well as `DIGITS` do numbers about as large as their range."""
    largest, extent = float(np.abs(values).max()), float(np.ptp(values))
    more = math.ceil(math.log10(largest / extent)) if 0 < extent < largest else 0
    return min(DIGITS + more, MOST_DIGITS)


def write_windows(path: Path, windows: NDArray[Any], features: tuple[str, ...], format: str) -> None:  # noqa: A002
    """Write windows (N, T, D) as csv or parquet, one row a step, or as npy, the array alone.

    Raises:
        UserError: The format does not exist, its library is missing, or a feature has a taken name.
        OSError: The disk refused the file.
    """
    check_format(format)
    with replacing(path) as part, part.open("wb") as file:
        if format == "npy":
            np.save(file, windows, allow_pickle=False)
        elif format == "csv":
            file.write(csv_text(windows, features).encode())
        else:
            windows_table(windows, features).to_parquet(file, index=False)
