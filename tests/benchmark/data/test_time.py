"""Rows in time: sorted, cut at gaps, and never taken for what they are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmark.config.suites import SuiteSpec
from benchmark.data import card, card_text, load_series, load_spec, load_windows, spec_from_csv
from benchmark.data.spec import DatasetSpec
from benchmark.errors import UserError
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request

START = datetime(2026, 1, 1)
Write = Callable[..., DatasetSpec]


def hours(count: int, start: datetime = START, step: float = 1.0) -> list[str]:
    return [(start + timedelta(hours=step * i)).isoformat(sep=" ") for i in range(count)]


def text(stamps: Sequence[str], values: Sequence[float], more: Sequence[str] = (), name: str = "when") -> str:
    head = f"{name},a" + (",unit" if more else "")
    rows = [
        ",".join([stamp, f"{value!r}", *([more[i]] if more else [])])
        for i, (stamp, value) in enumerate(zip(stamps, values, strict=True))
    ]
    return "\n".join([head, *rows]) + "\n"


def spec_of(folder: Path, content: str, **options: object) -> DatasetSpec:
    (folder / "plant.csv").write_text(content)
    return spec_from_csv(folder / "plant.csv").model_copy(update=options)


def windows(spec: DatasetSpec, length: int, protocol: str = "paper") -> np.ndarray:
    return load_windows(spec, length, protocol, seed_for_split=0).train


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(list(range(12))))
def test_shuffled_rows_give_the_windows_of_the_ordered_file(tmp_path: Path, order: list[int]) -> None:
    stamps, values = hours(12), [float(i * i % 7) for i in range(12)]
    ordered = windows(spec_of(tmp_path, text(stamps, values)), 4)
    shuffled = spec_of(tmp_path, text([stamps[i] for i in order], [values[i] for i in order]))
    np.testing.assert_array_equal(windows(shuffled, 4), ordered)


def test_no_window_crosses_a_gap_and_the_card_says_what_that_costs(tmp_path: Path) -> None:
    """An hourly file with a hole of 40 hours: values are hours, so that a window across it would jump."""
    stamps = hours(50) + hours(50, START + timedelta(hours=90))
    values = [*range(50), *range(90, 140)]
    spec = spec_of(tmp_path, text(stamps, values))
    found = windows(spec, 24)
    assert len(found) == 2 * (50 - 24 + 1)
    steps = np.diff(found[..., 0], axis=1) * (139 - 0)
    np.testing.assert_allclose(steps, 1, atol=1e-4)
    facts = card(spec, None)
    assert (facts["time"]["step"], facts["time"]["gaps"], facts["time"]["largest"]) == ("1 h", 1, "1.70833 d")
    assert facts["lost_to_gaps"]["24"] == (100 - 24 + 1) - 2 * (50 - 24 + 1)
    shown = " ".join(card_text(facts).split())
    assert "column 'when' (recognised), step 1 h; 1 gap, the largest 1.70833 d; no window crosses one" in shown
    assert "lost to gaps 23 at 24" in shown


def test_a_sorted_file_says_so(tmp_path: Path) -> None:
    stamps = hours(30)
    spec = spec_of(tmp_path, text([stamps[1], stamps[0], *stamps[2:]], [float(i) for i in range(30)]))
    assert "sorted: 1 row stood out of order" in card_text(card(spec, None))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns=st.permutations(["x"] * 10 + ["y"] * 10))
def test_interleaved_machines_give_the_windows_of_separate_files(tmp_path: Path, turns: list[str]) -> None:
    seen = {"x": 0, "y": 0}
    stamps, values = [], []
    for turn in turns:
        stamps.append(hours(10)[seen[turn]])
        values.append(seen[turn] + (100.0 if turn == "y" else 0.0))
        seen[turn] += 1
    spec = spec_of(tmp_path, text(stamps, values, turns), series_column="unit")
    found = windows(spec, 4)
    assert len(found) == 2 * 7
    np.testing.assert_allclose(np.diff(found[..., 0], axis=1) * 109, 1, atol=1e-4)


def test_machines_without_a_series_column_are_refused_and_the_way_out_is_named(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, text(hours(5) + hours(5), [float(i) for i in range(10)]))
    with pytest.raises(
        UserError,
        match=r"'when', line 2 and line 7: the time '2026-01-01 00:00:00' occurs twice; name .* 'series_column'",
    ):
        load_series(spec, None)


@pytest.mark.parametrize(
    ("stamps", "step", "gaps"),
    [
        ([f"{2000 + i // 12}-{i % 12 + 1:02d}-01" for i in range(40)], "1 month", 0),
        ([f"{2000 + i // 12}-{i % 12 + 1:02d}-01" for i in range(40) if i != 20], "1 month", 1),
        ([str(d.date()) for d in pd.bdate_range("2026-01-01", periods=60)], "1 business day", 0),
        # A holiday is no gap, three weeks without trading are one.
        (
            [str(d.date()) for i, d in enumerate(pd.bdate_range("2026-01-01", periods=60)) if i != 30],
            "1 business day",
            0,
        ),
        (
            [str(d.date()) for i, d in enumerate(pd.bdate_range("2026-01-01", periods=60)) if not 20 <= i < 35],
            "1 business day",
            1,
        ),
        ([str(d.date()) for d in pd.bdate_range("2010-01-29", periods=60, freq="BME")], "22 business days", 0),
        ([str(d.date()) for d in pd.bdate_range("2010-01-04", periods=60)[::10]], "10 business days", 0),
        ([str(d.date()) for d in pd.date_range("2026-01-01", periods=60)], "1 d", 0),
        ([f"2026-03-29T{h:02d}:30:00+0{1 + (h > 2)}:00" for h in range(24) if h != 2], "1 h", 0),
        ([repr(0.25 * i) for i in range(30)], "0.25", 0),
        ([d.strftime("%Y%m%d") for d in pd.date_range("2026-01-20", periods=60)], "1 d", 0),
        ([d.strftime("%Y%m%d") for d in pd.bdate_range("2026-01-01", periods=60)], "1 business day", 0),
        ([str(20260101 + 50 * i) for i in range(30)], "50", 0),
    ],
    ids=[
        "months",
        "a missing month",
        "business days",
        "a holiday",
        "a closure",
        "ends of months",
        "fortnights",
        "days",
        "summer time",
        "numbers",
        "days without marks",
        "business days without marks",
        "numbers of eight digits",
    ],
)
def test_steps_and_gaps(tmp_path: Path, stamps: list[str], step: str, gaps: int) -> None:
    spec = spec_of(tmp_path, text(stamps, [float(i % 5) for i in range(len(stamps))]), time_column="when")
    timeline = load_series(spec, None).timeline
    assert timeline is not None
    assert (timeline.step, timeline.gaps) == (step, gaps)


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        (
            text([*hours(4), "soon"], [1, 2, 3, 4, 5.0]),
            {"time_column": "when"},
            r"'when', line 6: 'soon' is no time; write ISO dates",
        ),
        (
            text([*hours(4), "2026-01-02 00:00:00Z"], [1, 2, 3, 4, 5.0]),
            {"time_column": "when"},
            r"line 6: some times have a zone",
        ),
        (
            text([repr(x) for x in (0.0, 1, 5, 6, 20, 22, 60, 61, 90, 200)], [float(i) for i in range(10)]),
            {"time_column": "when"},
            r"'when', has no step: .* under 'drop'",
        ),
        (
            "from,to,a\n2026-01-01,2026-01-02,1\n2026-01-02,2026-01-03,2\n",
            {},
            r"has dates in the columns 'from' and 'to'; name one",
        ),
    ],
)
def test_refusals(tmp_path: Path, content: str, options: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        load_series(spec_of(tmp_path, content, **options), None)


def test_pieces_that_are_all_too_short_say_what_would_fit(tmp_path: Path) -> None:
    stamps = [stamp for k in range(5) for stamp in hours(10, START + timedelta(days=3 * k))]
    spec = spec_of(tmp_path, text(stamps, [float(i) for i in range(50)]))
    with pytest.raises(
        UserError, match=r"has 4 gaps in time .* longest piece between them has 10 rows, but windows of 24 rows need 24"
    ):
        windows(spec, 24)
    assert len(windows(spec, 8)) == 5 * 3


def test_blocks_of_protocol_strict_stay_within_pieces(tmp_path: Path) -> None:
    stamps = hours(400) + hours(300, START + timedelta(hours=500)) + hours(3, START + timedelta(hours=900))
    values = [*range(400), *range(500, 800), 900, 901, 902]
    spec = spec_of(tmp_path, text(stamps, [float(v) for v in values]))
    made = load_windows(spec, 8, "strict", seed_for_split=0)
    assert made.validation is not None
    for part in (made.train, made.validation, made.test):
        raw = part[..., 0].astype(float) * (made.high - made.low) + made.low
        np.testing.assert_allclose(np.diff(raw, axis=1), 1, atol=1e-2)
    assert "no window crosses the 2 gaps in time" in made.note


def test_a_column_of_numbers_named_time_is_the_time_only_where_it_tells_rows_apart(tmp_path: Path) -> None:
    values = [float(i % 3) for i in range(20)]
    series = load_series(spec_of(tmp_path, text([str(i) for i in range(20)], values, name="Time")), None)
    assert series.names == ("a",)
    repeated = load_series(spec_of(tmp_path, text([str(i % 4) for i in range(20)], values, name="Time")), None)
    assert repeated.names == ("Time", "a")
    assert repeated.timeline is None
    other = load_series(spec_of(tmp_path, text([str(i) for i in range(20)], values, name="level")), None)
    assert other.names == ("level", "a")


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_parquet_dates(tmp_path: Path, zone: str | None) -> None:
    pytest.importorskip("pyarrow", reason="the extra 'parquet' is not installed")
    when = pd.date_range("2026-01-01", periods=30, freq="h", tz=zone)
    frame = pd.DataFrame({"when": when, "a": np.arange(30.0)}).sample(frac=1, random_state=0)
    frame.to_parquet(tmp_path / "plant.parquet")
    series = load_series(spec_from_csv(tmp_path / "plant.parquet"), None)
    assert series.timeline is not None
    assert (series.names, series.timeline.step, series.timeline.gaps) == (("a",), "1 h", 0)
    np.testing.assert_array_equal(series.parts[0][:, 0], np.arange(30.0))


def test_etth_is_hourly_without_a_gap(data_dir: Path) -> None:
    timeline = load_series(load_spec("etth"), data_dir).timeline
    assert timeline is not None
    assert (timeline.step, timeline.gaps, timeline.unordered) == ("1 h", 0, 0)


def test_equal_windows_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    (tmp_path / "flat.csv").write_text("a,b\n" + "1,2\n" * 60)
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke")
    with pytest.raises(UserError, match=r"all windows of the data set 'flat' are equal \(every feature is constant\)"):
        make_plan(suite, Request(own=spec_from_csv(tmp_path / "flat.csv")))
    (tmp_path / "half.csv").write_text("a,b\n" + "".join(f"1,{i}\n" for i in range(60)))
    assert make_plan(suite, Request(own=spec_from_csv(tmp_path / "half.csv"))).cells
    assert "Constant a Windows" in " ".join(card_text(card(spec_from_csv(tmp_path / "half.csv"), None)).split())


@pytest.mark.parametrize(("missing", "gaps"), [(4, 0), (5, 1)])
def test_a_week_of_business_days_is_a_gap_and_fewer_are_holidays(tmp_path: Path, missing: int, gaps: int) -> None:
    days = pd.bdate_range("2026-01-05", periods=30).delete(list(range(10, 10 + missing)))
    stamps, values = [f"{day:%Y-%m-%d}" for day in days], [float(i) for i in range(len(days))]
    timeline = load_series(spec_of(tmp_path, text(stamps, values)), None).timeline
    assert timeline is not None
    assert timeline.gaps == gaps
