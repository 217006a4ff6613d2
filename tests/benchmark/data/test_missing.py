"""Missing cells: refused, or dropped or interpolated as asked, and never in silence."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import scipy.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmark.data import DatasetSpec, card, card_text, load_series, load_windows
from benchmark.data.missing import fillable
from benchmark.data.spec import MOST_FILLED
from benchmark.errors import UserError

Own = Callable[..., DatasetSpec]
SLOW = [HealthCheck.function_scoped_fixture]


def daily(values: list[float | str], missing: str = "") -> str:
    """Rows of consecutive days; None is a missing cell."""
    days = pd.date_range("2024-01-01", periods=len(values))
    cells = zip(days, values, strict=True)
    return "date,a,b\n" + "".join(f"{day.date()},{missing if value is None else value},1\n" for day, value in cells)


def test_missing_cells_are_counted_and_refused_with_both_ways_out(own: Own) -> None:
    with pytest.raises(
        UserError,
        match=r"column 'a', line 4: 'NA' marks a missing cell \(2 missing cells in 2 of 6 rows\); `--missing drop` .* "
        r"`--missing interpolate` fills at most 5 in a row",
    ):
        load_series(own(daily([0, 1, None, 3, None, 5], "NA")), None)


@settings(max_examples=30, suppress_health_check=SLOW)
@given(gone=st.sets(st.integers(0, 39), max_size=12), timed=st.booleans())
def test_dropped_rows_are_in_no_window_and_no_window_crosses_them(own: Own, gone: set[int], timed: bool) -> None:
    text = daily([None if i in gone else i for i in range(40)])
    spec = own(text, missing="drop", **({} if timed else {"drop": ["date"]}))
    expected = [list(range(i, i + 3)) for i in range(38) if not gone & set(range(i, i + 3))]
    if not expected:
        with pytest.raises(UserError, match=f"{len(gone)} rows left out for missing cells"):
            load_windows(spec, 3, "paper", seed_for_split=0)
        return
    data = load_windows(spec, 3, "paper", seed_for_split=0)
    found = data.train[..., 0] * (data.high[0] - data.low[0]) + data.low[0]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_row_dropped_from_trading_days_is_a_gap_too(own: Own) -> None:
    """Business days have no gap below a week, so that the calendar alone would join the rows on both sides."""
    days = pd.bdate_range("2024-01-01", periods=60)
    text = "date,a\n" + "".join(f"{day.date()},{'' if i == 30 else i}\n" for i, day in enumerate(days))
    series = load_series(own(text, missing="drop"), None)
    assert [len(part) for part in series.parts] == [30, 29]


@settings(max_examples=30, suppress_health_check=SLOW)
@given(gone=st.sets(st.integers(0, 59), max_size=30))
def test_interpolation_agrees_with_pandas_and_stops_where_it_must(own: Own, gone: set[int]) -> None:
    values = np.random.default_rng(0).normal(size=60)
    text = daily([None if i in gone else repr(float(v)) for i, v in enumerate(values)])
    holed = pd.Series([np.nan if i in gone else v for i, v in enumerate(values)])
    whole = holed.interpolate(limit_area="inside")
    runs = holed.isna().groupby((~holed.isna()).cumsum()).transform("sum")
    whole[holed.isna() & (runs > MOST_FILLED)] = np.nan
    series = load_series(own(text, missing="interpolate"), None)
    np.testing.assert_allclose(np.concatenate(series.parts)[:, 0], whole.dropna(), rtol=1e-12)
    assert series.missing is not None
    counts = (len(gone), int(holed.isna().sum() - whole.isna().sum()), int(whole.isna().sum()))
    assert (series.missing.cells, series.missing.filled, series.missing.removed) == counts


def test_interpolation_is_linear_in_time_not_in_rows(own: Own) -> None:
    """Times 0, 1, 2.4, 3, 4: the cell at 2.4 between 10 at 1 and 30 at 3 is 24, where the middle row would be 20."""
    text = "t,a\n" + "".join(f"{t},{a}\n" for t, a in ((0, 0), (1, 10), (2.4, ""), (3, 30), (4, 40)))
    series = load_series(own(text, time_column="t", missing="interpolate"), None)
    np.testing.assert_allclose(series.parts[0][:, 0], [0, 10, 24, 30, 40])


def test_interpolation_stays_within_a_series_and_a_piece(own: Own) -> None:
    """A cell at the end of machine x and one before a gap have neighbors only elsewhere."""
    rows = [(day, "x", day) for day in range(10)] + [(day, "y", 100 + day) for day in (*range(5), *range(9, 14))]
    missing = {("x", 9), ("y", 4), ("x", 5)}
    text = "t,m,a\n" + "".join(f"{t},{m},{'' if (m, t) in missing else a}\n" for t, m, a in rows)
    series = load_series(own(text, time_column="t", series_column="m", missing="interpolate"), None)
    assert [part[:, 0].tolist() for part in series.parts] == [
        list(range(9)), [100, 101, 102, 103], [109, 110, 111, 112, 113],
    ]  # fmt: skip
    assert series.missing is not None
    assert (series.missing.filled, series.missing.removed) == (1, 2)


def test_runs_at_the_ends_and_over_the_limit_stay(own: Own) -> None:
    gone = np.array([1, 0, 1, 1, 0, *[1] * MOST_FILLED, 0, *[1] * (MOST_FILLED + 1), 0, 1], dtype=bool)
    chosen = np.flatnonzero(fillable(gone)).tolist()
    assert chosen == [2, 3, *range(5, 5 + MOST_FILLED)]


def test_the_card_and_the_note_of_the_windows_say_rule_and_counts(own: Own) -> None:
    values = [None if i in (0, 20, 21) else i for i in range(60)]
    spec = own(daily(values), missing="interpolate")
    said = "3 missing cells in 3 rows (missing: interpolate): 2 cells filled linearly in time between neighbors; 1 row removed"
    facts = card(spec, None)
    assert said in card_text(facts)
    assert facts["missing"] == {"rule": "interpolate", "cells": 3, "rows": 3, "filled": 2, "removed": 1}
    assert facts["lost_to_gaps"]["24"] == 1
    assert said in load_windows(spec, 24, "paper", seed_for_split=0).note


def test_a_series_without_a_whole_row_is_refused(own: Own) -> None:
    text = "m,a,b\nx,1,2\nx,3,4\ny,1,\ny,,2\n"
    with pytest.raises(UserError, match=r"series 'y' of .* has no row left without a missing cell"):
        load_series(own(text, series_column="m", missing="drop"), None)


def test_joined_series_and_windows_have_no_rows_to_leave_out(own: Own) -> None:
    text = "a\n1\n\n2\nNA\n3\n4\n"
    with pytest.raises(UserError, match=r"'within_series' is false, but .* has 2 rows left out for missing cells"):
        load_series(own(text, missing="drop", within_series=False), None)
    with pytest.raises(UserError, match=r"sets 'missing', but .* holds windows, not rows"):
        load_series(own(np.zeros((3, 4, 2)), "own.npy", missing="drop"), None)


@pytest.mark.parametrize(
    ("text", "missing"),
    [("a,b\n1,2\n,\n3,4\n5,6\n,\n,\n", 2), ("a\n1\n\n3\n5\n\n\n", 1), ("a,b\n1,2\n\n3,4\n5,6\n\n", 0)],
    ids=["a row of empty cells", "an empty line of one column", "an empty line"],
)
def test_rows_of_empty_cells_are_missing_within_a_file_and_nothing_at_its_end(
    own: Own, text: str, missing: int
) -> None:
    series = load_series(own(text, missing="drop"), None)
    assert series.missing is not None
    assert series.missing.cells == missing
    assert [part[:, 0].tolist() for part in series.parts] == ([[1], [3, 5]] if missing else [[1, 3, 5]])


def test_parquet_and_matlab_have_missing_cells_too(own: Own, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    frame = pd.DataFrame({"a": [1.0, np.nan, 3.0, 4.0], "k": ["u", "v", "u", None]})
    monkeypatch.setattr(pd, "read_parquet", lambda path: frame.copy())
    series = load_series(own(b"", "own.parquet", missing="interpolate", one_hot=["k"]), None)
    # A missing category has no neighbors to lie between: its row goes.
    np.testing.assert_array_equal(np.concatenate(series.parts), [[1, 1, 0], [2, 0, 1], [3, 1, 0]])
    scipy.io.savemat(tmp_path / "own.mat", {"ts": np.array([[1.0], [np.nan], [3.0]])})
    series = load_series(own(None, "own.mat", array="ts", missing="interpolate"), None)
    np.testing.assert_array_equal(series.parts[0], [[1], [2], [3]])
