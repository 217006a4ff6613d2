"""What is computed of cells that another run has ended, and of a forced run that was interrupted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.plan.cell import Cell
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.run.runner import Observer, Options, Runner
from benchmark.store.records import Ending, State, Status
from benchmark.store.store import Store
from tests.benchmark.run.conftest import run_suite

HALF = """
from baselines.controls.copy import Copy
from benchmark.errors import Interrupted


class Half(Copy):
    def fit(self, windows, context):
        mark = context.checkpoint_dir / "half"
        begun = mark.exists()
        with open("fits", "a") as file:
            print("goes on" if begun else "begins", file=file)
        mark.touch()
        if not begun:
            raise Interrupted("stopped in fit")
        return super().fit(windows, context)
"""


class Meanwhile(Observer):
    """Another run that ends a cell after this one has planned it."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def planned(self, cell: Cell, stages: Sequence[str]) -> None:
        folder = self.store.cell(cell)
        folder.path.mkdir(parents=True)
        folder.write_status(Status(state=State.DIVERGED, reason="the loss is nan", stage="fit"))


def events(folder: Path) -> list[tuple[str, str]]:
    (path,) = folder.glob("cells/*/journal.jsonl")
    lines = map(json.loads, path.read_text().splitlines())
    return [(line["stage"], line["event"]) for line in lines]


@pytest.mark.parametrize(("retry", "state", "tried"), [(False, State.DIVERGED, 0), (True, State.DONE, 1)])
def test_a_failure_of_another_run_is_not_repeated(tmp_path: Path, retry: bool, state: State, tried: int) -> None:
    store = Store(tmp_path / "runs").create()
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke", scores=("duplicates",))
    (outcome,) = Runner(store, Options(retry_failed=retry), [Meanwhile(store)]).run(make_plan(suite, Request()))
    assert outcome.state is state
    assert len(list(store.root.glob("cells/*/journal.jsonl"))) == tried


def test_a_score_that_failed_for_good_waits_until_failures_are_to_be_tried_again(tmp_path: Path) -> None:
    text = "budget: smoke\ngenerators: [copy]\ndatasets: [sines]\nscores: [duplicates{}]\n"
    assert run_suite(tmp_path, text=text.format("")).returncode == 0
    (folder,) = (tmp_path / "runs" / "cells").iterdir()
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke")
    cell = Store(tmp_path / "runs").cell(make_plan(suite, Request()).cells[0])
    assert cell.path == folder
    bent = Ending(state=State.FAILED, reason="the widget is bent")
    cell.write_status(Status(state=State.DONE, endings={"score:spectral": bent}))
    done = run_suite(tmp_path, text=text.format(", spectral, correlational"))
    assert done.returncode == 1
    assert "the widget is bent" in done.stderr
    assert ("score:correlational", "finished") in events(tmp_path / "runs")
    assert ("score:spectral", "started") not in events(tmp_path / "runs")
    assert run_suite(tmp_path, "--retry", "failed", text=text.format(", spectral, correlational")).returncode == 0
    assert ("score:spectral", "finished") in events(tmp_path / "runs")


def test_a_forced_fit_goes_on_after_an_interrupt(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(HALF)
    text = "budget: smoke\ndatasets: [sines]\ngenerators: ['mine:Half']\nscores: [duplicates]\n"
    for force in ((), ("--force",)):
        for _ in range(2):
            run_suite(tmp_path, *force, text=text)
    assert (tmp_path / "fits").read_text().splitlines() == ["begins", "goes on"] * 2
    assert not list((tmp_path / "runs").glob("cells/*/checkpoint"))
