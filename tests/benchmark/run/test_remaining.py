"""The estimate of a run, with a clock of its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from benchmark.run.remaining import Remaining

EXPECTED = {"fit": 100.0, "sample": 10.0, "score:a": 20.0, "score:b": 30.0}
STAGES = tuple(EXPECTED)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def cell(key: str, generator: str = "g") -> Any:
    return SimpleNamespace(key=key, generator=generator)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def remaining(clock: Clock, workers: int = 1, **unknown: None) -> Remaining:
    return Remaining(lambda cell, stage: {**EXPECTED, **unknown}[stage], workers, clock)


def test_before_anything_is_measured_the_estimates_count(clock: Clock) -> None:
    left = remaining(clock, workers=2)
    for key in "xyz":
        left.plan(cell(key), STAGES)
    assert left.cell_seconds(cell("x")) == 160
    assert left.text() == "about 4 min left"  # 3 · 160 s by two workers
    left.plan(cell("long"), ("fit",) * 10)
    assert left.text() == "about 17 min left"  # one cell of 1,000 s, which no second worker shortens
    assert remaining(clock).text() == ""


def test_a_running_stage_counts_by_time_and_by_its_measured_speed(clock: Clock) -> None:
    left, x = remaining(clock), cell("x")
    left.start(x, STAGES)
    clock.now = 40
    assert left.cell_seconds(x) == 60 + 60
    left.progress(x, "network", 100, 1000)  # resumed at 100 of 1,000 steps
    clock.now = 50
    left.progress(x, "network", 200, 1000)
    assert left.cell_seconds(x) == pytest.approx(10 / 100 * 800 + 60)
    clock.now = 52
    left.progress(x, "network", 1000, 1000)
    assert left.cell_seconds(x) == pytest.approx(48 + 60)  # another network may follow in the same fit
    clock.now = 60
    left.progress(x, "sample", 0, 1)
    assert left.cell_seconds(x) == 10 + 20 + 30
    left.progress(x, "prepare:a", 0, 4)
    clock.now = 62
    left.progress(x, "prepare:a", 1, 4)
    assert left.cell_seconds(x) == pytest.approx(6 + 30)


def test_what_is_measured_replaces_the_estimate_of_all_that_is_like_it(clock: Clock) -> None:
    left, x, y, other = remaining(clock), cell("x"), cell("y"), cell("other", "h")
    for one in (x, y, other):
        left.plan(one, STAGES)
    left.start(x, STAGES)
    clock.now = 50
    left.progress(x, "sample", 0, 1)  # fit: 50 s instead of 100
    clock.now = 60
    left.progress(x, "score:a", 0, 5)  # sample: 10 s as expected
    clock.now = 65
    left.progress(x, "score:b", 0, 5)  # score a: 5 s instead of 20
    clock.now = 71
    left.end(x, computed=True)  # score b: 6 s instead of 30
    assert left.cell_seconds(x) is None
    assert left.cell_seconds(y) == pytest.approx(50 + 10 + 5 + 6)
    # A score takes as long for any generator; a fit and its samples are the generator's own.
    assert left.cell_seconds(other) == pytest.approx(100 + 10 + 5 + 6)


def test_stages_that_report_nothing_share_the_time(clock: Clock) -> None:
    left, x, y = remaining(clock), cell("x"), cell("y")
    left.plan(y, STAGES)
    left.start(x, STAGES)
    clock.now = 11
    left.progress(x, "score:a", 0, 1)  # fit and sample in 11 s, of which 110 were expected
    assert left.cell_seconds(y) == pytest.approx(10 + 1 + 20 + 30)


def test_an_unknown_time_is_said_until_the_run_itself_tells(clock: Clock) -> None:
    left, x, y = remaining(clock, fit=None), cell("x"), cell("y")
    for one in (x, y):
        left.plan(one, STAGES)
    assert left.text() == "time left not known"
    left.start(x, STAGES)
    left.progress(x, "network", 0, 10)
    clock.now = 5
    left.progress(x, "network", 1, 10)
    assert left.cell_seconds(x) == pytest.approx(45 + 60)
    assert left.text() == "about 2 min left and 1 of unknown time"
    clock.now = 70
    left.progress(x, "sample", 0, 1)
    assert left.cell_seconds(y) == pytest.approx(70 + 60)


def test_a_failed_cell_tells_nothing(clock: Clock) -> None:
    left, x, y = remaining(clock), cell("x"), cell("y")
    for one in (x, y):
        left.plan(one, STAGES)
    left.start(x, STAGES)
    clock.now = 1
    left.end(x, computed=False)
    assert left.cell_seconds(y) == 160
