"""Arrays from MATLAB files: SciPy's reader crashes on some damaged ones, so that unknown files are read in a process apart."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.data.arrays import check_numbers
from benchmark.data.spec import DatasetSpec
from benchmark.errors import UserError
from benchmark.imports import child_environment, python_module


def read_matlab(path: Path, spec: DatasetSpec) -> NDArray[np.float64]:
    """The rows (rows, D) of the array that the data set names in a MATLAB file; raises UserError."""
    # A file that its checksum identifies has been read before.
    return read_rows(path, str(spec.array)) if spec.sha256 else _read_apart(path, str(spec.array))


def _read_apart(path: Path, name: str) -> NDArray[np.float64]:
    command = [*python_module("benchmark.data.matlab_process"), str(path.resolve()), name]
    done = subprocess.run(command, env=child_environment({}), capture_output=True, check=False)
    if done.returncode == 2:
        raise UserError(done.stdout.decode(errors="replace").replace(str(path.resolve()), str(path)))
    if done.returncode:
        raise UserError(f"'{path}' is not a readable MATLAB file (SciPy's reader crashes on it); save it as version 7.")
    found: NDArray[np.float64] = np.load(io.BytesIO(done.stdout), allow_pickle=False)
    return found


def read_rows(path: Path, name: str) -> NDArray[np.float64]:
    """The array `name` (rows, D) of a file, read in this process; raises UserError."""
    import scipy.io

    try:
        found = scipy.io.loadmat(path, variable_names=[name])
        there = [name] if name in found else [str(entry[0]) for entry in scipy.io.whosmat(path)]
    except Exception as error:
        # On a damaged file SciPy raises whatever the bytes lead to, IndexError and zlib.error included.
        raise UserError(
            f"'{path}' is not a readable MATLAB file ({type(error).__name__}); save it as version 7."
        ) from None
    if name not in found:
        raise UserError(f"'{path}' has no array '{name}', only: {', '.join(there) or 'none'}; correct 'array'.")
    array: Any = found[name]
    if not isinstance(array, np.ndarray):
        raise UserError(f"'{path}', array '{name}', is a {type(array).__name__}, but rows of numbers are needed.")
    check_numbers(array, path)
    if array.ndim != 2 or 0 in array.shape:
        raise UserError(
            f"'{path}', array '{name}', has the shape {array.shape}, but rows by features is needed; reshape it."
        )
    return np.asarray(array, np.float64)
