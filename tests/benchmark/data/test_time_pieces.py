"""Pieces between gaps under each protocol, and clocks, indices and files that hide their time."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmark.data import DatasetSpec, load_series, load_windows
from benchmark.data.windows import WindowSet
from benchmark.errors import UserError
from tests.benchmark.external.pairs import load_pair


def own(folder: Path, frame: pd.DataFrame, **options: object) -> DatasetSpec:
    frame.to_csv(folder / "own.csv", index=False)
    return DatasetSpec.model_validate({"id": "own", "file": "own.csv", "folder": str(folder), **options})


def hourly(kept: np.ndarray) -> pd.DataFrame:
    """Rows at the given hours, whose only feature is the hour."""
    return pd.DataFrame({"time": pd.Timestamp("2026-01-01") + pd.to_timedelta(kept, unit="h"), "a": kept.astype(float)})


def hours_of(windows: np.ndarray, data: WindowSet) -> np.ndarray:
    return np.rint(windows[..., 0] * (data.high[0] - data.low[0]) + data.low[0]).astype(int)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(1, 998), max_size=20))
def test_hold_out_rows_stay_a_window_away_from_training_rows_across_gaps(tmp_path: Path, missing: set[int]) -> None:
    spec = own(tmp_path, hourly(np.setdiff1d(np.arange(1000), list(missing))))
    try:
        data = load_windows(spec, 12, "strict", seed_for_split=0)
    except UserError as error:
        assert "gaps in time" in str(error)  # noqa: PT017 - hypothesis may leave no hold-out window
        return
    assert data.validation is not None
    assert len(data.validation) == len(data.test)
    roles = [hours_of(windows, data) for windows in (data.train, data.validation, data.test)]
    for first, second in itertools.combinations(roles, 2):
        assert np.abs(np.unique(first)[:, None] - np.unique(second)).min() > 12
    assert all((np.diff(role, axis=1) == 1).all() for role in roles)


def test_a_machine_that_is_too_short_is_refused_whether_another_has_a_gap_or_not(tmp_path: Path) -> None:
    for long in (np.arange(200), np.setdiff1d(np.arange(200), np.arange(90, 130))):
        frame = pd.concat([hourly(long).assign(m="x"), hourly(np.arange(10)).assign(m="y")])
        with pytest.raises(UserError, match=r"series 'y' of .* has 10 rows, but windows of 24 rows need 24"):
            load_windows(own(tmp_path, frame, series_column="m"), 24, "paper", seed_for_split=0)


def test_series_are_not_joined_across_gaps(tmp_path: Path) -> None:
    frame = hourly(np.setdiff1d(np.arange(100), np.arange(40, 80)))
    with pytest.raises(UserError, match=r"'within_series' is false, .* 1 gap in time .*; set 'within_series: true'"):
        load_series(own(tmp_path, frame, within_series=False), None)
    assert load_series(own(tmp_path, hourly(np.arange(100)), within_series=False), None).rows == 100


def test_series_of_equal_length_each_have_their_own_time(tmp_path: Path) -> None:
    frame = pd.concat([hourly(np.arange(20)), hourly(np.arange(20)[::-1])])
    series = load_series(own(tmp_path, frame, time_column="time", series_length=20), None)
    assert [part[:, 0].tolist() for part in series.parts] == [list(range(20))] * 2
    with pytest.raises(UserError, match=r"has 40 rows, which is no multiple of the series length 30"):
        load_series(own(tmp_path, frame, time_column="time", series_length=30), None)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_trading_days_are_those_of_the_clock_on_the_wall(tmp_path: Path, zone: str) -> None:
    days = pd.bdate_range("2025-01-01", periods=300, tz=zone)
    frame = pd.DataFrame({"date": days, "a": np.arange(300.0)})
    timeline = load_series(own(tmp_path, frame), None).timeline
    assert timeline is not None
    assert (timeline.step, timeline.gaps) == ("1 business day", 0)


def test_months_are_those_of_the_clock_on_the_wall(tmp_path: Path) -> None:
    months = pd.date_range("2020-01-01", periods=60, freq="MS", tz="Europe/Berlin")
    timeline = load_series(own(tmp_path, pd.DataFrame({"date": months, "a": np.arange(60.0)})), None).timeline
    assert timeline is not None
    assert (timeline.step, timeline.gaps) == ("1 month", 0)


@pytest.mark.parametrize("name", ["when", None])
def test_dates_in_the_index_of_a_parquet_file_are_its_time(tmp_path: Path, name: str | None) -> None:
    pytest.importorskip("pyarrow", reason="the extra 'parquet' is not installed")
    frame = hourly(np.setdiff1d(np.arange(100), np.arange(40, 80))).set_index("time").rename_axis(name)
    frame.sample(frac=1, random_state=0).to_parquet(tmp_path / "own.parquet")
    for options in ({}, {"time_column": name or "index"}):
        spec = DatasetSpec.model_validate({"id": "own", "file": "own.parquet", "folder": str(tmp_path), **options})
        series = load_series(spec, None)
        assert series.timeline is not None
        assert (series.names, series.timeline.gaps) == (("a",), 1)
        assert [len(part) for part in series.parts] == [40, 20]


def test_unnamed_index_levels_are_called_as_pandas_does(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="the extra 'parquet' is not installed")
    frame = hourly(np.arange(30))
    frame.index = pd.MultiIndex.from_arrays([np.repeat(["x", "y"], 15), frame.pop("time")], names=[None, None])
    frame.to_parquet(tmp_path / "own.parquet")
    spec = DatasetSpec(id="own", file="own.parquet", folder=str(tmp_path), series_column="level_0")
    series = load_series(spec, None)
    assert (series.names, [len(part) for part in series.parts]) == (("a",), [15, 15])
    assert series.timeline is not None


def test_a_bad_stamp_is_named_where_no_yaml_names_the_column(tmp_path: Path) -> None:
    frame = hourly(np.arange(30)).astype({"time": "string"})
    frame.loc[7, "time"] = "later"
    with pytest.raises(UserError, match=r"column 'time', line 9: 'later' is no time"):
        load_series(own(tmp_path, frame), None)


@pytest.mark.parametrize("option", [{"time_column": "t"}, {"series_column": "s"}, {"columns": ["a"]}, {"drop": ["a"]}])
def test_a_matlab_array_has_no_named_columns(tmp_path: Path, option: dict[str, object]) -> None:
    scipy.io.savemat(tmp_path / "own.mat", {"x": np.random.default_rng(0).random((60, 2))})
    spec = {"id": "own", "file": "own.mat", "folder": str(tmp_path), "array": "x", **option}
    with pytest.raises(UserError, match=rf"sets '{next(iter(option))}', but '.*' has no named columns; remove it\."):
        load_series(DatasetSpec.model_validate(spec), None)


def test_scored_files_are_not_cut_across_gaps(tmp_path: Path) -> None:
    frame = hourly(np.setdiff1d(np.arange(200), np.arange(90, 130)))
    frame.to_csv(tmp_path / "real.csv", index=False)
    pair = load_pair(tmp_path / "real.csv", tmp_path / "real.csv", 24, ())
    # 90 rows before the hole and 70 after it.
    assert len(pair.real) == (90 - 23) + (70 - 23)
    assert (np.diff(np.rint(pair.real[..., 0] * 199), axis=1) == 1).all()
    with pytest.raises(UserError, match=r"longest stretch without a gap has 90 rows, but windows of 91 need as many"):
        load_pair(tmp_path / "real.csv", tmp_path / "real.csv", 91, ())
