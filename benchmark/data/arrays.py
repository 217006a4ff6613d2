"""Arrays from NumPy and MATLAB files, read without unpickling anything."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.data.spec import DatasetSpec
from benchmark.data.table import LARGEST
from benchmark.errors import UserError


def read_windows(path: Path, spec: DatasetSpec) -> NDArray[np.float64]:
    """The windows (N, T, D) of an .npy or .npz file as float64; raises UserError for anything but finite numbers."""
    try:
        loaded = np.load(path, allow_pickle=False)
        array = _from_archive(loaded, path, spec.array) if isinstance(loaded, np.lib.npyio.NpzFile) else loaded
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        raise UserError(
            f"'{path}' is no NumPy file of plain numbers (it is empty, damaged or holds pickled objects); write it "
            "again with np.save."
        ) from None
    except OSError as error:
        raise UserError(f"the data file '{path}' cannot be read ({error.strerror or error}); check the path.") from None
    return finite_windows(array, str(path))


def finite_windows(array: NDArray[Any], path: str) -> NDArray[np.float64]:
    """Windows (N, T, D) as float64; raises UserError, which calls them by `path`, for anything but finite numbers."""
    _check_numbers(array, path)
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


def read_matlab(path: Path, spec: DatasetSpec) -> NDArray[np.float64]:
    """The rows (rows, D) of the array that the data set names in a MATLAB file; raises UserError."""
    import scipy.io

    name = str(spec.array)
    try:
        found = scipy.io.loadmat(path, variable_names=[name])
        there = [name] if name in found else [entry[0] for entry in scipy.io.whosmat(path)]
    except Exception as error:
        # On a damaged file SciPy raises whatever the bytes lead to, IndexError and zlib.error included.
        raise UserError(
            f"'{path}' is not a readable MATLAB file ({type(error).__name__}); save it as version 7."
        ) from None
    if name not in found:
        raise UserError(f"'{path}' has no array '{name}', only: {', '.join(there) or 'none'}; correct 'array'.")
    array = found[name]
    _check_numbers(array, path)
    if array.ndim != 2 or 0 in array.shape:
        raise UserError(
            f"'{path}', array '{name}', has the shape {array.shape}, but rows by features is needed; reshape it."
        )
    return np.asarray(array, np.float64)


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


def _check_numbers(array: NDArray[Any], path: Path | str) -> None:
    if not (np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)):
        raise UserError(f"'{path}' holds {array.dtype}, but floating point numbers or integers are needed; convert it.")
