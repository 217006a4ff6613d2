"""Several draws of samples from one fitted model: fitted once, drawn and scored by sampling seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.errors import UserError
from benchmark.plan.cell import Cell
from benchmark.plan.planner import Plan, make_plan
from benchmark.plan.request import Request
from benchmark.report.frame import results_frame
from benchmark.run.stages import CellRun
from benchmark.store.store import Store

SUITE = SuiteSpec(
    name="draws", datasets=("sines",), generators=("gaussian",), budget="smoke", scores=("spectral", "sampling_time")
)


def planned(sampling_seeds: int) -> Plan:
    return make_plan(SUITE, Request(sampling_seeds=sampling_seeds))


def compute(store: Store, plan: Plan) -> Cell:
    (cell,) = plan.cells
    folder = store.cell(cell)
    folder.path.mkdir(exist_ok=True)
    folder.write_record(cell)
    run = CellRun(cell, store, "cpu", None, lambda progress: None, lambda: False)
    for stage in store.state(cell, plan.score_names).missing:
        run.run(stage)
    return cell


def samples(store: Store, cell: Cell, sampling_seed: int) -> bytes:
    with np.load(store.cell(cell).samples_of(sampling_seed), allow_pickle=False) as archive:
        found: bytes = archive["samples"].tobytes()
    return found


def test_a_further_draw_needs_no_fit_and_changes_nothing_that_is_there(tmp_path: Path) -> None:
    store, one, three = Store(tmp_path / "runs").create(), planned(1), planned(3)
    cell = compute(store, one)
    first, scores = samples(store, cell, 0), store.cell(cell).scores()
    missing = store.state(cell, three.score_names).missing
    assert missing == ("sample:1", "sample:2", "score:spectral@1", "score:spectral@2")
    compute(store, three)
    assert store.state(cell, three.score_names).missing == ()
    assert samples(store, cell, 0) == first
    assert len({samples(store, cell, draw) for draw in range(3)}) == 3
    found = store.cell(cell).scores()
    assert {name: found[name] for name in scores} == scores
    assert found["spectral@1"].repetitions != found["spectral@2"].repetitions


def test_the_frame_has_a_row_a_draw_under_the_metrics_own_name(tmp_path: Path) -> None:
    store, plan = Store(tmp_path / "runs").create(), planned(2)
    compute(store, plan)
    frame = results_frame(plan.cells, plan.score_names, store)
    spectral = frame[frame["metric"] == "spectral"]
    assert sorted(spectral["sampling_seed"].unique()) == [0, 1]
    assert set(spectral["status"]) == {"done"}
    assert list(frame[frame["metric"] == "sampling_time"]["sampling_seed"]) == [0]


def test_a_lost_draw_hides_its_own_scores_only_and_comes_back_equal(tmp_path: Path) -> None:
    store, plan = Store(tmp_path / "runs").create(), planned(2)
    cell = compute(store, plan)
    before = samples(store, cell, 1)
    store.cell(cell).samples_of(1).unlink()
    state = store.state(cell, plan.score_names)
    assert state.missing == ("sample:1",)
    assert "spectral" in state.scores
    assert "spectral@1" not in state.scores
    compute(store, plan)
    assert samples(store, cell, 1) == before


def test_a_new_fit_forgets_every_draw(tmp_path: Path) -> None:
    store, plan = Store(tmp_path / "runs").create(), planned(2)
    folder = store.cell(compute(store, plan))
    folder.forget_after("fit")
    assert folder.finished_stages() == ["fit"]
    assert folder.scores() == {}


@pytest.mark.parametrize(
    ("count", "sentence"), [(0, "at least one sampling seed"), (101, "at most 100 sampling seeds")]
)
def test_numbers_of_draws_that_cannot_be_are_refused(count: int, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        planned(count)


def test_a_changed_number_of_draws_has_a_folder_of_its_own() -> None:
    assert planned(1).folder == "draws-paper-smoke"
    assert planned(2).folder == "draws-paper-smoke--sampling_seeds=2"
