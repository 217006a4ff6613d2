"""Good files of every kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.io

from benchmark.data import DatasetSpec, load_series, load_spec

Own = Callable[..., DatasetSpec]


def test_csv_numbers_are_exact(own: Own) -> None:
    series = load_series(own("\ufeffa , b\r\n0.1,1e-5\r\n\r\n -3 ,7\r\n"), None)
    assert series.names == ("a", "b")
    np.testing.assert_array_equal(series.parts[0], [[0.1, 1e-5], [-3.0, 7.0]])


def test_csv_agrees_with_numpy_s_reader_on_a_real_file(data_dir: Path) -> None:
    series = load_series(load_spec("energy"), data_dir)
    expected = np.loadtxt(data_dir / "energy_data.csv", delimiter=",", skiprows=1)
    np.testing.assert_array_equal(series.parts[0], expected)


def test_time_and_dropped_columns_are_no_features(own: Own) -> None:
    spec = own("when,a,b,c\n2020-01-01,1,2,x\n2020-01-02,3,4,y\n", time_column="when", drop=["c"])
    assert load_series(spec, None).names == ("a", "b")


def test_columns_come_in_the_order_asked_for(own: Own) -> None:
    series = load_series(own("a,b,c\n1,2,x\n3,4,y\n", columns=["b", "a"]), None)
    np.testing.assert_array_equal(series.parts[0], [[2, 1], [4, 3]])


def test_rows_of_a_series_need_not_stand_together(own: Own) -> None:
    series = load_series(own("s,a\nx,1\ny,10\nx,2\ny,20\nx,3\n", series_column="s"), None)
    assert series.labels == ("x", "y")
    np.testing.assert_array_equal(series.parts[0][:, 0], [1, 2, 3])
    np.testing.assert_array_equal(series.parts[1][:, 0], [10, 20])


def test_parquet(own: Own, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="the extra 'parquet' is not installed")
    frame = pd.DataFrame(
        {"t": ["2026-01-01", "2026-01-02"], "s": ["p", "q"], "a": np.array([1, 2], dtype=np.int32), "b": [0.5, 0.25]}
    )
    frame.to_parquet(tmp_path / "own.parquet")
    series = load_series(own(None, "own.parquet", time_column="t", series_column="s"), None)
    assert (series.names, series.labels) == (("a", "b"), ("p", "q"))
    np.testing.assert_array_equal(np.concatenate(series.parts), [[1, 0.5], [2, 0.25]])


def test_parquet_values(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"s": ["p", "q", "p"], "a": np.array([1, 2, 3], dtype=np.int32), "b": [0.5, 0.25, 0.125]})
    monkeypatch.setattr(pd, "read_parquet", lambda path: frame.copy())
    series = load_series(own(b"", "own.parquet", series_column="s"), None)
    np.testing.assert_array_equal(series.parts[0], [[1, 0.5], [3, 0.125]])
    np.testing.assert_array_equal(series.parts[1], [[2, 0.25]])


def test_arrays_of_windows(own: Own) -> None:
    windows = np.random.default_rng(0).random((3, 4, 2)).astype(np.float32)
    for spec in (
        own(windows, "own.npy"),
        own({"samples": windows}, "one.npz"),
        own({"x": windows, "y": windows + 1}, "two.npz", array="x"),
    ):
        series = load_series(spec, None)
        assert series.windows
        assert series.rows == 3
        np.testing.assert_array_equal(np.stack(series.parts), windows)


def test_integers_are_numbers(own: Own) -> None:
    series = load_series(own(np.arange(24).reshape(3, 4, 2), "own.npy"), None)
    assert series.parts[0].dtype == np.float64


def test_matlab_series_by_length(own: Own, tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "own.mat", {"ts": np.arange(12.0).reshape(6, 2), "other": 1})
    series = load_series(own(None, "own.mat", array="ts", series_length=3), None)
    assert series.labels == ("1", "2")
    np.testing.assert_array_equal(series.parts[1], [[6, 7], [8, 9], [10, 11]])


def test_what_is_said_of_the_real_files(data_dir: Path) -> None:
    stocks = load_series(load_spec("stocks"), data_dir)
    assert stocks.names == ("Open", "High", "Low", "Close", "Adj_Close", "Volume")
    np.testing.assert_array_equal(stocks.parts[0][:, 3], stocks.parts[0][:, 4])
    etth = load_series(load_spec("etth"), data_dir)
    assert etth.names == ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
    energy = load_series(load_spec("energy"), data_dir)
    np.testing.assert_array_equal(energy.parts[0][:, -2], energy.parts[0][:, -1])
    # The best constant guess of a uniform number in [0, 1] errs by 1/4 on average.
    noise = energy.parts[0][:, -1]
    scaled = (noise - noise.min()) / np.ptp(noise)
    assert np.abs(scaled - np.median(scaled)).mean() == pytest.approx(0.25, abs=0.005)
    fmri = load_series(load_spec("fmri"), data_dir)
    assert [len(part) for part in fmri.parts] == [200] * 50
