from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.plan.cell import Cell
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.run.outcome import Outcome
from benchmark.run.retries import Repeated, Retries
from benchmark.store.records import State


@pytest.fixture
def cell() -> Cell:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke")
    return make_plan(suite, Request()).cells[0]


@pytest.mark.parametrize(
    ("state", "workers", "exceeded", "again", "alone"),
    [
        (State.KILLED, 1, False, True, False),
        (State.KILLED, 2, False, True, False),
        (State.OUT_OF_MEMORY, 2, False, True, True),
        (State.OUT_OF_MEMORY, 1, False, False, False),
        (State.OUT_OF_MEMORY, 2, True, False, False),
        (State.TIMEOUT, 2, True, False, False),
        (State.FAILED, 2, False, False, False),
        (State.DIVERGED, 2, False, False, False),
        (State.STORAGE, 2, False, False, False),
        (State.DONE, 2, False, False, False),
    ],
)
def test_what_came_from_outside_is_tried_again_once(
    cell: Cell, state: State, workers: int, exceeded: bool, again: bool, alone: bool
) -> None:
    retries = Retries(workers)
    assert retries.again(Outcome(cell, state), exceeded=exceeded) is again
    assert (cell.key in retries.alone) is alone
    assert retries.again(Outcome(cell, state), exceeded=exceeded) is False


def test_equal_failures_are_counted_by_generator_stage_and_reason(cell: Cell) -> None:
    other = replace(cell, generator="gaussian")
    repeated = Repeated(2)
    repeated.count(Outcome(cell, State.TIMEOUT, "killed after its limit of 3 s in fit", "fit"))
    repeated.count(Outcome(cell, State.FAILED, "another", "fit"))
    repeated.count(Outcome(cell, State.FAILED, "another", "sample"))
    repeated.count(Outcome(other, State.FAILED, "another", "fit"))
    for state in (State.DONE, State.SKIPPED, State.INTERRUPTED):
        repeated.count(Outcome(cell, state, "x", "fit"))
        repeated.count(Outcome(cell, state, "x", "fit"))
    assert repeated.waits(cell) is None
    repeated.count(Outcome(cell, State.TIMEOUT, "killed after its limit of 4 s in fit", "fit"))
    found = repeated.waits(cell)
    assert found is not None
    assert found.state is State.MISSING
    assert found.reason == "not started after 2 equal failures of copy: killed after its limit of 4 s in fit"
    assert repeated.waits(other) is None


def test_without_a_number_nothing_waits(cell: Cell) -> None:
    repeated = Repeated(None)
    for _ in range(5):
        repeated.count(Outcome(cell, State.FAILED, "x", "fit"))
    assert repeated.waits(cell) is None
