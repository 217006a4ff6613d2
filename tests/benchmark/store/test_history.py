from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.config.suites import SuiteSpec, Variant
from benchmark.files import write_json
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.run import launch, preview
from benchmark.store.history import History, training_work
from benchmark.store.sealed_record import sealed
from benchmark.store.store import Store
from tests.conftest import PLUGINS

SUITE = SuiteSpec(name="x", datasets=("sines",), generators=("timevae", "copy"), lengths=(12, 24, 96), budget="fast")


def seconds(store: Store) -> dict[tuple[str, int], float]:
    history = History(store)
    return {(c.generator, c.length): history.stage_seconds(c, "fit") for c in make_plan(SUITE, Request()).cells}


def test_without_history_a_fit_takes_its_budget_and_more_the_longer_its_windows_are(tmp_path: Path) -> None:
    found = seconds(Store(tmp_path))
    assert [found["timevae", length] for length in (12, 24, 96)] == [900, 900, 3600]
    assert found["copy", 96] == 2


def test_what_the_store_remembers_comes_first(tmp_path: Path) -> None:
    store = Store(tmp_path).create()
    (tmp_path / "cells" / "one").mkdir()
    record = {"generator": "timevae", "dataset": "sines", "length": 96, "budget": "fast"}
    write_json(
        tmp_path / "cells" / "one" / "provenance.json", sealed({**record, "stages": {"fit": {"wall_seconds": 70.0}}})
    )
    found = seconds(store)
    assert (found["timevae", 96], found["timevae", 24], found["copy", 96]) == (70, 70, 2)


def test_a_longer_schedule_takes_as_much_longer_as_it_trains_on_more_windows(tmp_path: Path) -> None:
    """TimeVAE on Sines: fast is 229,000 steps, paper 1,000 epochs of 625 steps, both of 16 windows and one network."""
    paper = SuiteSpec(name="x", datasets=("sines",), generators=("timevae",), budget="paper")
    (cell,) = make_plan(paper, Request()).cells
    history = History(Store(tmp_path))
    assert history.stage_seconds(cell, "fit") == pytest.approx(900 * 625_000 / 229_000)
    assert history.stage_seconds(cell, "score:context_fid") < 60


def test_a_remembered_fit_of_a_shorter_budget_counts_more_than_what_the_budget_says(tmp_path: Path) -> None:
    store = Store(tmp_path).create()
    (tmp_path / "cells" / "one").mkdir()
    record = {"generator": "timevae", "dataset": "sines", "length": 24, "budget": "fast"}
    write_json(
        tmp_path / "cells" / "one" / "provenance.json", sealed({**record, "stages": {"fit": {"wall_seconds": 80.0}}})
    )
    (cell,) = make_plan(
        SuiteSpec(name="x", datasets=("sines",), generators=("timevae",), budget="paper"), Request()
    ).cells
    assert History(store).stage_seconds(cell, "fit") == pytest.approx(80 * 625_000 / 229_000)


def test_what_nothing_tells_of_is_said_to_be_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PLUGINS)
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("tunable:Tunable", "copy"), budget="paper")
    plan, store = make_plan(suite, Request()), Store(tmp_path)
    assert History(store).cell_seconds(plan.cells[0], ["fit", "sample"]) is None
    found = preview.preview(plan, store, launch.options("cpu", 1, None, None))
    assert (found["unknown"], found["cells"][0]["seconds"]) == (1, None)
    text = preview.preview_text(found)
    assert "time not known" in text.splitlines()[0]
    assert text.endswith(", and 1 whose time is not known")


def test_workers_share_cells_and_no_cell_is_shared(tmp_path: Path) -> None:
    def about(*generators: str) -> float:
        plan = make_plan(SuiteSpec(name="x", datasets=("sines",), generators=generators, budget="fast"), Request())
        found = preview.preview(plan, Store(tmp_path), launch.options("cpu", 2, None, None))
        return float(found["seconds"])

    alone = about("timevae")
    assert alone > 900
    assert about("timevae", "timegan") == alone
    assert about("timevae", "timegan", "diffwave") == pytest.approx(1.5 * alone)


def test_every_trained_generator_says_how_much_it_trains() -> None:
    """So that no estimate of the shipped ones is unknown, at any budget."""
    for budget in ("fast", "paper"):
        suite = SuiteSpec(name="x", datasets=("sines",), budget=budget)
        for cell in make_plan(suite, Request()).cells:
            if cell.size_class != "control":
                assert training_work(cell, cell.params), cell.generator


def test_a_generator_whose_estimate_raises_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    (cell,) = make_plan(
        SuiteSpec(name="x", datasets=("sines",), generators=("timevae",), budget="fast"), Request()
    ).cells

    def broken(self: object, windows: int) -> int:
        raise RuntimeError("somebody else's code")

    monkeypatch.setattr(cell.generator_class, "training_windows", broken)
    assert training_work(cell, cell.params) is None


def test_variants_of_one_generator_are_told_apart(tmp_path: Path) -> None:
    variants = tuple(Variant(generator="timevae", params={"latent": size}) for size in (4, 16))
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), variants=variants, budget="fast")
    found = preview.preview(make_plan(suite, Request()), Store(tmp_path), launch.options("cpu", 1, None, None))
    assert [cell["name"] for cell in found["cells"]] == [
        "sines 24 copy",
        "sines 24 timevae/latent=4",
        "sines 24 timevae/latent=16",
    ]
