from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import numpy as np

from benchmark.config.suites import SuiteSpec
from benchmark.plan.cell import Cell
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.plan.sampling_time import REPETITIONS, SAMPLING_TIME, TIMING, WINDOWS
from benchmark.report.frame import results_frame
from benchmark.run.sampling_time import time_sampling
from benchmark.run.stages import CellRun
from benchmark.store.status import all_scores
from benchmark.store.store import Store


def missing(store: Store, cell: Cell, scores: tuple[str, ...]) -> list[str]:
    return list(store.state(cell, scores).missing)


class Counting:
    def __init__(self) -> None:
        self.calls: list[tuple[int, int]] = []

    def sample(self, n: int, seed: int) -> np.ndarray:
        self.calls.append((n, seed))
        return np.zeros((n, 4, 1), np.float32)


def test_the_median_leaves_the_warm_up_out_and_every_generator_samples_the_same_number() -> None:
    # Pairs of readings: one that lasts 100 s to warm up, then 5, 1, 4, 2 and 3 s, whose median is 3 s.
    readings = itertools.chain.from_iterable((0.0, float(last)) for last in (100, 5, 1, 4, 2, 3))
    generator = Counting()
    facts = time_sampling(generator, 7, lambda done, total: None, clock=lambda: next(readings))  # type: ignore[arg-type]
    assert facts["median_seconds"] == 3.0
    assert facts["warm_up_seconds"] == 100.0
    assert len(generator.calls) == REPETITIONS + 1
    assert {n for n, _ in generator.calls} == {WINDOWS}
    assert len({seed for _, seed in generator.calls}) == REPETITIONS + 1


def test_times_are_a_stage_of_their_own_and_never_among_the_scores(tmp_path: Path) -> None:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke", scores=(SAMPLING_TIME,))
    plan, store = make_plan(suite, Request()), Store(tmp_path / "runs").create()
    (cell,) = plan.cells
    folder = store.cell(cell)
    folder.path.mkdir()
    folder.write_record(cell)
    run = CellRun(cell, store, "cpu", None, lambda progress: None, lambda: False)
    assert missing(store, cell, plan.scores) == ["fit", "sample", TIMING]
    for stage in ("fit", "sample"):
        run.run(stage)
    assert missing(store, cell, ()) == []
    assert missing(store, cell, plan.scores) == [TIMING]
    assert list(results_frame(plan.cells, plan.scores, store)["status"]) == ["missing"]
    run.run(TIMING)
    assert missing(store, cell, plan.scores) == []
    assert not (folder.path / "scores.json").exists()
    timing = folder.provenance().stage(TIMING)
    row = results_frame(plan.cells, plan.scores, store).iloc[0]
    assert (row["value"], row["n"], row["metric"]) == (timing.median_seconds, WINDOWS, SAMPLING_TIME)
    assert row["peak_memory_mib"] > 0
    assert all_scores(folder, folder.provenance())[SAMPLING_TIME].repetitions == (timing.median_seconds,)
    # A model that is gone is fitted anew before it can be timed.
    (folder.path / "stages" / f"{TIMING}.json").unlink()
    assert all_scores(folder, folder.provenance()) == {}
    shutil.rmtree(folder.model)
    assert missing(store, cell, plan.scores) == ["fit", TIMING]
