"""Dates as files write them, read as one moment or refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from benchmark.data import DatasetSpec, card, card_text, load_series
from benchmark.errors import UserError

Own = Callable[..., DatasetSpec]
START = datetime(2024, 1, 25, 22, tzinfo=UTC)
HOURS = [START + timedelta(hours=hour) for hour in range(200)]


def rows(texts: list[str], name: str = "when") -> str:
    return f"{name},a\n" + "".join(f'"{text}",{i}\n' for i, text in enumerate(texts))


@pytest.mark.parametrize(
    ("form", "options", "shown"),
    [
        ("%Y-%m-%d %H:%M", {}, "(recognised)"),
        ("%Y-%m-%dT%H:%M:%SZ", {}, "(recognised)"),
        ("%Y/%m/%d %H:%M:%S", {}, "(recognised)"),
        ("%d/%m/%Y %H:%M", {}, "(recognised, day first)"),
        ("%m/%d/%Y %I:%M %p", {}, "(recognised, month first)"),
        ("%d.%m.%Y, %H:%M", {}, "(recognised, day first)"),
        ("%d.%m.%y %H:%M", {"time_format": "%d.%m.%y %H:%M"}, "(recognised, %d.%m.%y %H:%M)"),
        ("%Y%m%d%H", {"time_format": "%Y%m%d%H", "time_column": "when"}, "(%Y%m%d%H)"),
        ("%s000", {"time_format": "epoch-ms", "time_column": "when"}, "(epoch-ms)"),
        ("%s", {"time_format": "epoch", "time_column": "when"}, "(epoch)"),
    ],
)
def test_a_form_is_read_as_the_hours_that_it_writes(own: Own, form: str, options: dict[str, Any], shown: str) -> None:
    """Rows stand in reverse: only a file whose moments are read rightly becomes hourly, in order and without a gap."""
    texts = [form.replace("%s", str(int(hour.timestamp()))) if "%s" in form else hour.strftime(form) for hour in HOURS]
    spec = own(rows(texts[::-1]), **options)
    series = load_series(spec, None)
    assert series.timeline is not None
    assert (series.timeline.step, series.timeline.gaps) == ("1 h", 0)
    np.testing.assert_array_equal(series.parts[0][:, 0], np.arange(200)[::-1])
    assert f"column 'when' {shown}, step 1 h" in card_text(card(spec, None))


def test_years_outside_the_range_of_nanoseconds_stay_in_order(own: Own) -> None:
    texts = [f"{year}-{month:02}-01" for year in (*range(1600, 1750), *range(2250, 2300)) for month in range(1, 13)]
    series = load_series(own(rows(texts)), None)
    np.testing.assert_array_equal(np.concatenate(series.parts)[:, 0], np.arange(len(texts)))


def test_the_order_of_day_and_month_is_taken_from_the_one_date_that_tells_it(own: Own) -> None:
    days = [f"{day:02d}/02/2024" for day in range(1, 14)]
    timeline = load_series(own(rows(days)), None).timeline
    assert timeline is not None
    assert (timeline.step, timeline.gaps) == ("1 d", 0)
    with pytest.raises(UserError, match=r"'01/02/2024' may have the day or the month first.*`--time-format day-first`"):
        load_series(own(rows(days[:12])), None)
    for order, step in (("day-first", "1 d"), ("month-first", "1 month")):
        timeline = load_series(own(rows(days[:12]), time_format=order), None).timeline
        assert timeline is not None
        assert timeline.step == step


@pytest.mark.parametrize(
    ("texts", "options", "sentence"),
    [
        (
            ["31/01/2024", "01/31/2024"],
            {},
            r"'31/01/2024' has the day first and '01/31/2024' the month; write all dates",
        ),
        (["31/01/2024", "30/02/2024"], {}, r"line 3: '30/02/2024' is no time; .*`--time-format`"),
        (["31/01/2024", ""], {}, r"line 3: the row has no time; fill it or remove the row"),
        (["31.01.24", "01.02.24"], {"time_column": "when"}, r"line 2: '31\.01\.24' is no time; .*`--time-format`"),
        (
            ["1706000000", "x"],
            {"time_column": "when", "time_format": "epoch"},
            r"line 3: 'x' is no time of the format epoch",
        ),
        (
            ["2024", "2025"],
            {"time_format": "%Y"},
            r"has no column of times of the format %Y; name it under 'time_column'",
        ),
        (["2024-01-31", "13 PM"], {"time_format": "%Q"}, r"the time format '%Q' is not understood"),
    ],
)
def test_refusals(own: Own, texts: list[str], options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        load_series(own(rows(texts), **options), None)


def test_numbers_are_no_dates_unless_somebody_says_so(own: Own) -> None:
    texts = [str(int(hour.timestamp())) for hour in HOURS]
    assert load_series(own(rows(texts)), None).names == ("when", "a")
