"""Every way in which a user's data can be bad, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.io

from benchmark.data import DatasetSpec, load_series, load_windows
from benchmark.errors import UserError

GOOD = "a,b\n1,2\n3,4\n"
FINITE = np.zeros((3, 4, 2))
BROKEN = FINITE.copy()
BROKEN[1, 2, 0] = np.inf

CSV = [
    ("", {}, r"'.*own\.csv' is empty; it needs a header line and rows of numbers\."),
    ("\n \n", {}, r"'.*own\.csv' is empty"),
    ("a,b\n", {}, r"has a header but no rows; add rows of numbers\."),
    (b"a,b\n1,2\n3,\xff\n", {}, r"'.*own\.csv', line 3, is not UTF-8 text; save the file as UTF-8\."),
    ("a,,b\n1,2,3\n", {}, r"'.*own\.csv', line 1: column 2 has no name; name every column"),
    ("a,b,a\n1,2,3\n", {}, r"line 1: the column name 'a' occurs twice; rename one"),
    ("1,2\n3,4\n", {}, r"line 1: all names of columns are numbers; name every column, in a header line"),
    ("a;b\n1;2\n", {}, r"has the one column 'a;b'; save it with commas"),
    ("a,b\n1,2\n\n3,x\n", {}, r"'.*own\.csv', column 'b', line 4: 'x' is not a number; correct the cell"),
    ("a,b\n1,2\n3,4\n,5\n", {}, r"column 'a', line 4: the cell is empty"),
    (
        "a,b\n1,NaN\n",
        {},
        r"column 'b', line 2: 'NaN' marks a missing cell \(1 missing cell in 1 of 1 row\); `--missing drop`",
    ),
    ("a,b\n1,2\n-inf,3\n", {}, r"column 'a', line 3: '-inf' is not a finite number"),
    ("a,b\n1,2\n1e999,3\n", {}, r"column 'a', line 3: '1e999' is not a finite number"),
    ("a,b\n1,1e301\n", {}, r"column 'b', line 2: '1e301' is too large a number"),
    ("a,b\n1,2_0\n", {}, r"column 'b', line 2: '2_0' is not a number"),
    ('a,b\n"1\n",2\n3,x\n', {}, r"column 'b', line 4: 'x' is not a number"),
    ("a,b\n1,2\n3\n", {}, r"'.*own\.csv', line 3, has 1 cells, but the header has 2; correct the line\."),
    ("a,b\n1,2,3\n", {}, r"line 2, has 3 cells, but the header has 2"),
    ("t,ab\n" + "9" * 200_000 + ",1\n", {}, r"'.*own\.csv', line 2, is not CSV \(field larger than field limit"),
    (GOOD, {"columns": ["a", "c"]}, r"unknown column 'c' in '.*own\.csv'; choose one of: a, b\."),
    (GOOD, {"columns": ["a", "a"]}, r"the data set 'own' names the column 'a' twice under 'columns'"),
    (GOOD, {"drop": ["c"]}, r"unknown column 'c' in"),
    (GOOD, {"time_column": "date"}, r"unknown column 'date' in"),
    (GOOD, {"series_column": "id"}, r"unknown column 'id' in"),
    (GOOD, {"drop": ["a", "b"]}, r"has no column left to be a feature; drop fewer columns\."),
    ("a,s\n1,x\n2, \n", {"series_column": "s"}, r"column 's', line 3: the series has no name; fill the cell\."),
    (GOOD, {"rows": 3}, r"has 2 rows, but the data set 'own' states 3; correct 'rows'\."),
    (GOOD, {"features": 3}, r"has 2 features, but the data set 'own' states 3; correct 'features'\."),
    (GOOD + "5,6\n", {"series_length": 2}, r"has 3 rows, which is no multiple of the series length 2; correct it\."),
    (GOOD, {"sha256": "0" * 64}, r"has the SHA-256 [0-9a-f]{64}, but the data set 'own' has 0{64}"),
]

ARRAYS = [
    (np.zeros((5, 4)), "own.npy", {}, r"'.*own\.npy' has the shape \(5, 4\), but windows have three axes"),
    (np.zeros((5, 4, 0)), "own.npy", {}, r"has the shape \(5, 4, 0\), but windows"),
    (np.zeros((0, 4, 2)), "own.npy", {}, r"has the shape \(0, 4, 2\), but windows"),
    (np.zeros((5, 1, 2)), "own.npy", {}, r"has the shape \(5, 1, 2\), but windows"),
    (FINITE.astype(complex), "own.npy", {}, r"holds complex128, but floating point numbers or integers are needed"),
    (FINITE.astype(bool), "own.npy", {}, r"holds bool, but"),
    (FINITE.astype(str), "own.npy", {}, r"holds <U32, but"),
    (
        FINITE.astype(object),
        "own.npy",
        {},
        r"is no NumPy file of plain numbers \(it is empty, damaged or holds pickled",
    ),
    (b"", "own.npy", {}, r"is no NumPy file of plain numbers"),
    (b"text", "own.npz", {}, r"is no NumPy file of plain numbers"),
    (BROKEN, "own.npy", {}, r"'.*', window 2, step 3, feature 1 \(counted from 1\): inf is not a finite number"),
    ({"x": FINITE, "y": FINITE}, "own.npz", {}, r"holds 2 arrays \(x, y\), but one is expected; name the one to read"),
    ({}, "own.npz", {}, r"holds 0 arrays \(\), but one is expected"),
    ({"x": FINITE}, "own.npz", {"array": "y"}, r"has no array 'y', only: x; correct 'array'\."),
    ({"x": FINITE.astype(object)}, "own.npz", {}, r"is no NumPy file of plain numbers"),
    (
        FINITE,
        "own.npy",
        {"columns": ["a"]},
        r"the data set 'own' sets 'columns', but '.*' holds windows, not rows; remove it",
    ),
    (FINITE, "own.npy", {"series_length": 2}, r"sets 'series_length', but"),
    (b"text", "own.mat", {"array": "ts"}, r"'.*own\.mat' is not a readable MATLAB file"),
    (b"text", "own.parquet", {}, r"'.*own\.parquet' is not a readable Parquet file|needs pyarrow"),
]


@pytest.mark.parametrize(("text", "options", "sentence"), CSV)
def test_bad_csv(own: Callable[..., DatasetSpec], text: str | bytes, options: dict[str, Any], sentence: str) -> None:
    _refused(own(text, **options), sentence)


@pytest.mark.parametrize(("content", "name", "options", "sentence"), ARRAYS)
def test_bad_arrays(
    own: Callable[..., DatasetSpec], content: object, name: str, options: dict[str, Any], sentence: str
) -> None:
    _refused(own(content, name, **options), sentence)


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"x": np.zeros((3, 2))}, r"'.*own\.mat' has no array 'ts', only: x; correct 'array'\."),
        ({"ts": np.zeros((3, 2, 2))}, r"array 'ts', has the shape \(3, 2, 2\), but rows by features is needed"),
        ({"ts": np.array([["a", "b"]])}, r"holds <U1, but floating point numbers or integers are needed"),
        (
            {"ts": np.array([[1.0, 2.0], [3.0, np.nan]])},
            r"column 'ts2', row 2 \(counted from 1\): the cell is empty \(1 missing cell in 1 of 2 rows\)",
        ),
    ],
)
def test_bad_matlab(own: Callable[..., DatasetSpec], tmp_path: Path, arrays: dict[str, Any], sentence: str) -> None:
    scipy.io.savemat(tmp_path / "own.mat", arrays)
    _refused(own(None, "own.mat", array="ts"), sentence)


@pytest.mark.parametrize(
    ("frame", "options", "sentence"),
    [
        ({"a": [1.0, np.nan], "b": [1, 2]}, {}, r"column 'a', row 2 \(counted from 1\): the cell is empty \(1 missing"),
        (
            {"a": [1.0, 2.0], "b": ["x", "y"]},
            {},
            r"'.*own\.parquet', column 'b', row 1 .*: 'x' is not a number; the column holds 2 categories \(x, y\): `--one-hot b`",
        ),
        ({"a": [True, False]}, {}, r"column 'a', row 1 .*: 'True' is not a number; the column holds 2 categories"),
        ({"a": []}, {}, r"has columns but no rows"),
        ({0: [1.0], 1: [2.0]}, {}, r"own\.parquet': all names of columns are numbers; name every column"),
        (
            {"a": [1.0], "s": [None]},
            {"series_column": "s"},
            r"column 's', row 1 \(counted from 1\): the series has no name",
        ),
    ],
)
def test_bad_parquet(
    own: Callable[..., DatasetSpec],
    monkeypatch: pytest.MonkeyPatch,
    frame: dict[str | int, list[object]],
    options: dict[str, Any],
    sentence: str,
) -> None:
    monkeypatch.setattr(pd, "read_parquet", lambda path: pd.DataFrame(frame))
    _refused(own(b"", "own.parquet", **options), sentence)


def test_parquet_without_its_reader(own: Callable[..., DatasetSpec], monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(path: Path) -> None:
        raise ImportError

    monkeypatch.setattr(pd, "read_parquet", missing)
    _refused(own(b"", "own.parquet"), r'needs pyarrow; `pip install "timemar-benchmark\[parquet\]"`\.')


@pytest.mark.parametrize(
    ("options", "length", "protocol", "sentence"),
    [
        (
            {},
            31,
            "paper",
            r"'.*own\.csv' has 30 rows, but windows of 31 rows need 31; use length 21 or less, or longer series\.",
        ),
        (
            {},
            6,
            "strict",
            r"'.*own\.csv' has 30 rows, but windows of 6 rows under protocol strict need 46; give longer series",
        ),
        (
            {"series_length": 10},
            2,
            "strict",
            r"series '1' of '.*own\.csv' has 10 rows, but windows of 2 rows under protocol strict need 18; give longer series\.",
        ),
        ({"series_length": 10}, 11, "paper", r"series '1' of '.*own\.csv' has 10 rows, but windows of 11 rows need 11"),
        (
            {"series_column": "b"},
            15,
            "paper",
            r"series '7\.0' of '.*own\.csv' has 10 rows, but windows of 15 rows need 15",
        ),
        (
            {"scaling": "none"},
            4,
            "paper",
            r"'.*' holds values from 0 to 29, but with 'scaling: none' all must lie in \[0, 1\]",
        ),
        ({}, 1, "paper", r"the length is 1, but a window has at least 2 time steps\."),
    ],
)
def test_too_little_for_the_windows(
    own: Callable[..., DatasetSpec],
    as_csv: Callable[..., str],
    options: dict[str, Any],
    length: int,
    protocol: Any,
    sentence: str,
) -> None:
    rows = np.column_stack([np.arange(30), np.repeat([3, 7], [20, 10])])
    with pytest.raises(UserError, match=f"^{sentence}"):
        load_windows(own(as_csv(rows), **options), length, protocol, seed_for_split=0)


def test_one_window_can_be_neither_halved_nor_split(own: Callable[..., DatasetSpec]) -> None:
    spec = own(np.random.default_rng(0).random((1, 4, 2)), "own.npy")
    with pytest.raises(
        UserError, match=r"^the data set 'own' has 1 window, which cannot be halved; use a shorter length\.$"
    ):
        load_windows(spec, 4, "paper", view="real_disjoint", seed_for_split=0)
    with pytest.raises(UserError, match=r"holds 1 window, but protocol strict needs 8; add windows\.$"):
        load_windows(spec, 4, "strict", seed_for_split=0)
    with pytest.raises(
        UserError, match=r"^'.*own\.npy' holds windows of 4 steps, but the length is 24; use length 4\.$"
    ):
        load_windows(spec, 24, "paper", seed_for_split=0)
    with pytest.raises(UserError, match=r"^the limit is 0, but at least one window is needed\.$"):
        load_windows(spec, 4, "paper", limit=0, seed_for_split=0)


@pytest.mark.parametrize("kind", ["npz", "mat"])
def test_damaged_archives_are_refused_wherever_the_damage_is(
    own: Callable[..., DatasetSpec], tmp_path: Path, kind: str
) -> None:
    values = np.random.default_rng(0).random((20, 4, 2))
    if kind == "npz":
        np.savez_compressed(tmp_path / "own.npz", values)
    else:
        scipy.io.savemat(tmp_path / "own.mat", {"ts": values[:, 0]}, do_compression=True)
    whole = (tmp_path / f"own.{kind}").read_bytes()
    for place in range(0, len(whole), 41 if kind == "npz" else 83):
        cut_short = own(whole[:place], f"own.{kind}", array=None if kind == "npz" else "ts")
        _refused(cut_short, r"is no NumPy file of plain|is not a readable MATLAB file|has no array 'ts', only: ")
    # Damage inside the compressed numbers, which the file's own checks find.
    middle = len(whole) // 2
    damaged = whole[:middle] + bytes(byte ^ 255 for byte in whole[middle : middle + 20]) + whole[middle + 20 :]
    _refused(
        own(damaged, f"own.{kind}", array=None if kind == "npz" else "ts"),
        r"is no NumPy file of plain|is not a readable MATLAB file",
    )


def _refused(spec: DatasetSpec, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as caught:
        load_series(spec, None)
    assert str(caught.value).count("\n") == 0
    assert str(caught.value).endswith(".")
