"""Arrays from NumPy files, read without unpickling anything."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.data.cells import LARGEST
from benchmark.data.spec import DatasetSpec
from benchmark.errors import UserError

LARGEST_ARRAY = 1 << 33
"""Bytes of an array in a file, unpacked: a megabyte of an archive can stand for a gigabyte."""


def read_windows(path: Path, spec: DatasetSpec) -> NDArray[np.float64]:
    """The windows (N, T, D) of an .npy or .npz file as float64; raises UserError for anything but finite numbers."""
    try:
        refuse_declared(path)
        loaded = np.load(path, allow_pickle=False)
        array = _from_archive(loaded, path, spec.array) if isinstance(loaded, np.lib.npyio.NpzFile) else loaded
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"the data file '{path}' cannot be read ({error.strerror or error}); check the path.") from None
    except Exception:
        # On a damaged file NumPy raises whatever the bytes lead to, tokenize.TokenError and zlib.error included.
        raise UserError(
            f"'{path}' is no NumPy file of plain numbers (it is empty, damaged or holds pickled objects); write it "
            "again with np.save."
        ) from None
    return finite_windows(array, str(path))


def refuse_declared(path: Path) -> None:
    """Raise for an array that says it holds more than its file does, or more than LARGEST_ARRAY, before it gets any memory."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            _refuse_declared(file, path.stat().st_size, path)
        return
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            with archive.open(member) as content:
                _refuse_declared(content, member.file_size, path)


def _refuse_declared(file: IO[bytes], size: int, path: Path) -> None:
    form = np.lib.format
    if size > LARGEST_ARRAY:
        raise UserError(
            f"'{path}' holds an array of {size / 2**30:.0f} GiB, more than {LARGEST_ARRAY / 2**30:.0f} GiB; split it."
        )
    readers = {(1, 0): form.read_array_header_1_0, (2, 0): form.read_array_header_2_0}
    reader = readers.get(form.read_magic(file))
    shape, _, kind = reader(file) if reader else ((), False, np.dtype(np.void))
    if math.prod(shape) * kind.itemsize > size or min(shape, default=0) < 0:
        raise ValueError("the array is longer than its file")


def finite_windows(array: NDArray[Any], path: str) -> NDArray[np.float64]:
    """Windows (N, T, D) as float64; raises UserError, which calls them by `path`, for anything but finite numbers."""
    check_numbers(array, path)
    if array.ndim != 3 or 0 in array.shape or array.shape[1] < 2:
        raise UserError(
            f"'{path}' has the shape {array.shape}, but windows have three axes (windows, time steps, features), with "
            "at least two time steps and one feature; reshape it."
        )
    values = array.astype(np.float64)
    bad = ~(np.abs(values) <= LARGEST)
    if bad.any():
        window, step, feature = (int(i) for i in np.argwhere(bad)[0])
        value = float(values[window, step, feature])
        raise UserError(
            f"'{path}', window {window + 1}, step {step + 1}, feature {feature + 1} (counted from 1): {value!r} is not "
            "a finite number of usable size; correct it or remove the window."
        )
    return values


def _from_archive(archive: Any, path: Path, name: str | None) -> NDArray[Any]:
    with archive:
        if name is not None and name not in archive.files:
            raise UserError(
                f"'{path}' has no array '{name}', only: {', '.join(archive.files) or 'none'}; correct 'array'."
            )
        if name is not None:
            return np.asarray(archive[name])
        arrays = {found: np.asarray(archive[found]) for found in archive.files}
        # An archive may hold names and ranges beside its windows, as a cell's does.
        windows = [array for array in arrays.values() if array.ndim == 3] if len(arrays) > 1 else list(arrays.values())
        if len(windows) != 1:
            raise UserError(
                f"'{path}' holds {len(arrays)} arrays ({', '.join(arrays)}), but one is expected; name the one to read under "
                "'array' in a YAML file, or leave one array of three axes."
            )
        return windows[0]


def check_numbers(array: NDArray[Any], path: Path | str) -> None:
    """Raise UserError for an array of anything but numbers."""
    if not (np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)):
        raise UserError(f"'{path}' holds {array.dtype}, but floating point numbers or integers are needed; convert it.")
