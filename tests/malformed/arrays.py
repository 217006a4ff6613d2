"""NumPy and MATLAB files of anybody's making."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.data import load_series, load_windows, own_spec, spec_from_csv


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _header(text: str) -> bytes:
    """A .npy file that says `text` of itself and holds nothing."""
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text.encode() + b"\n"


def _zip(members: list[tuple[str, bytes]]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def read_array(data: bytes, folder: Path) -> None:
    """The first byte: n for a .npy file, w for the array in a sound archive, else bytes as they are of an archive."""
    kind, body = data[:1], data[1:]
    path = folder / ("own.npy" if kind == b"n" else "own.npz")
    path.write_bytes(_zip([("windows.npy", body)]) if kind == b"w" else body)
    load_windows(spec_from_csv(path), 8, "paper", seed_for_split=0)


def array_seeds() -> list[bytes]:
    windows = np.random.default_rng(0).random((12, 8, 2)).astype(np.float32)
    plain = _npy(windows)
    text = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }"
    shapes = ["1000000000000, 8, 2", "400000000, 8, 2", "-1, 8, 2", "2.5, 8, 2", "8,"]
    odd = [_header(text % shape) for shape in shapes]
    odd += [
        _header("{'descr': '|O', 'fortran_order': False, 'shape': (1, 8, 2), }"),
        _header("(" * 5000),
        _header("{" + " " * 9000 + "}"),
    ]
    raw = [
        _zip([("windows.npy", plain)]),
        _zip([("a.npy", plain), ("b.npy", _npy(np.arange(3)))]),
        _zip([("../windows.npy", plain), ("..\\windows.npy", plain)]),
        _zip([("windows.npy", plain), ("windows.npx", plain)]).replace(
            b"windows.npx", b"windows.npy"
        ),  # twice the same name
        _zip([("windows.npy", b"\0" * 4_000_000)]),
        _zip([]),
    ]
    return [
        *(mark + one for mark in (b"n", b"w") for one in (plain, _npy(windows.astype(np.int64)), *odd)),
        *(b"z" + one for one in raw),
    ]


def read_matlab(data: bytes, folder: Path) -> None:
    (folder / "own.yaml").write_text("file: own.mat\narray: x\n")
    (folder / "own.mat").write_bytes(data)
    load_series(own_spec(folder / "own.yaml"), None)


def matlab_seeds() -> list[bytes]:
    import scipy.io

    found = []
    for value in (np.eye(8), np.eye(8, dtype=np.int16), "text", {"a": np.eye(2)}, [[1.0], [2.0, 3.0]]):
        for compressed in (False, True):
            file = io.BytesIO()
            scipy.io.savemat(file, {"x": value}, do_compression=compressed)
            found.append(file.getvalue())
    return found
