from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from benchmark.config.needs import Needs
from benchmark.config.suites import SuiteSpec
from benchmark.plan.cell import Cell
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.run.executors import local
from benchmark.run.executors.local import LocalExecutor
from benchmark.run.executors.share import share
from benchmark.run.job import Job
from benchmark.run.limits import Limits

LIMITS = Limits(60.0)


class Child:
    """A cell that runs, as the executor sees it; nothing is started."""

    def __init__(self, job: Job, on_event: Any = None) -> None:
        self.job = job

    def stop(self) -> None: ...

    def kill(self) -> None: ...

    def wait(self, seconds: float) -> bool:
        return True


@pytest.fixture
def cells() -> list[Cell]:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy", "gaussian", "shuffle", "var"), budget="smoke")
    return list(make_plan(suite, Request()).cells)


def job(cell: Cell, memory: str = "2 GiB", **values: Any) -> Job:
    return Job(replace(cell, needs=Needs(gpu=True, memory=memory)), (), Path("runs"), device="cuda", **values)


@pytest.mark.parametrize(
    ("need", "total", "most", "expected"),
    [(2048, 16384, 4, 4), (2048, 16384, 16, 8), (5000, 16384, 16, 3), (20000, 16384, 16, 1), (2048, 16384, 1, 1)],
)
def test_as_many_cells_share_an_accelerator_as_their_memory_and_the_workers_allow(
    need: float, total: float, most: int, expected: int
) -> None:
    assert share(need, total, most) == Fraction(1, expected)


def test_without_an_accelerator_workers_alone_limit_the_cells(cells: list[Cell]) -> None:
    executor = LocalExecutor(2, LIMITS)
    assert executor.has_room(cells[0], [Child(job(cells[1], "64 GiB"))], set())
    assert not executor.has_room(cells[0], [Child(job(cells[1])), Child(job(cells[2]))], set())


def test_a_cell_that_needs_the_machine_alone_runs_beside_none(cells: list[Cell]) -> None:
    executor = LocalExecutor(3, LIMITS)
    assert executor.has_room(cells[0], [], {cells[0].key})
    assert not executor.has_room(cells[0], [Child(job(cells[1]))], {cells[0].key})
    assert not executor.has_room(cells[0], [Child(job(cells[1]))], {cells[1].key})


def test_shares_of_an_accelerator_never_exceed_it(cells: list[Cell]) -> None:
    executor = LocalExecutor(8, LIMITS, accelerator_mib=16384.0)
    small, half, whole = job(cells[0], "2 GiB"), job(cells[1], "8 GiB"), job(cells[2], "12 GiB")
    assert executor.has_room(half.cell, [Child(half)], set())
    assert executor.has_room(small.cell, [Child(half), *[Child(small)] * 3], set())
    assert not executor.has_room(small.cell, [Child(half), *[Child(small)] * 4], set())
    assert not executor.has_room(small.cell, [Child(whole)], set())


@pytest.mark.parametrize(("workers", "alone", "expected"), [(4, False, 0.25), (4, True, 1.0), (1, False, 1.0)])
def test_beside_others_a_cell_has_the_memory_of_its_share(
    cells: list[Cell], monkeypatch: pytest.MonkeyPatch, workers: int, alone: bool, expected: float
) -> None:
    monkeypatch.setattr(local, "WorkerProcess", Child)
    executor = LocalExecutor(workers, LIMITS, accelerator_mib=16384.0)
    assert executor.start(job(cells[0]), lambda *_: None, alone=alone).job.gpu_share == expected
