from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmark.cell import Cell
from benchmark.plan import Request, make_plan
from benchmark.run.job import Job, dump_job, parse_job
from benchmark.suites import SuiteSpec, load_suite, suite_names


def cells(**changes: object) -> tuple[Cell, ...]:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy", "gaussian"), budget="smoke")
    return make_plan(suite, Request(**changes)).cells


def test_order_and_names_do_not_change_keys() -> None:
    first = SuiteSpec(name="x", title="one", datasets=("sines",), generators=("copy", "gaussian"), budget="smoke")
    second = SuiteSpec(
        name="y", datasets=("sines",), generators=("gaussian", "copy"), budget="smoke", scores=("predictive",)
    )
    keys = [sorted(cell.key for cell in make_plan(suite, Request()).cells) for suite in (first, second)]
    assert keys[0] == keys[1]


def test_what_determines_samples_changes_the_key() -> None:
    cell = cells()[0]
    others = [
        replace(cell, length=32),
        replace(cell, seed=1),
        replace(cell, protocol="strict"),
        replace(cell, version=2),
        replace(cell, params={"x": 1}),
        replace(cell, fingerprint="other"),
        replace(cell, budget=cell.budget.model_copy(update={"max_windows": 100})),
        replace(cell, uses_fresh_data=True),
    ]
    assert len({cell.key, *(other.key for other in others)}) == len(others) + 1


def test_what_does_not_determine_samples_leaves_the_key() -> None:
    cell = cells()[0]
    same = [
        replace(cell, title="other", size_class="large", sources={"a": "b"}, skip="not here"),
        replace(cell, budget=cell.budget.model_copy(update={"repetitions": 9, "time_limit_minutes": 1})),
    ]
    assert {cell.key} == {other.key for other in same}


def test_seeds_make_cells() -> None:
    assert [cell.seed for cell in cells(seeds=3) if cell.generator == "copy"] == [0, 1, 2]


def test_a_missing_file_is_a_skip_with_the_key_it_will_have(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("TIMEMAR_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    suite = SuiteSpec(name="x", datasets=("stocks",), generators=("copy",), budget="smoke")
    (cell,) = make_plan(suite, Request(data_dir=tmp_path)).cells
    assert cell.skip is not None
    assert "python -m benchmark data fetch stocks" in cell.skip
    assert cell.fingerprint == "134b8a00eb4eefa3242dd7ae85144082da80dedf75a1a656d5d08f97cd95277a"


def test_a_job_survives_the_way_to_the_child() -> None:
    for cell in cells():
        job = Job(cell, ("predictive",), Path("runs"), "cpu", Path("data"), 5.0)
        again = parse_job(dump_job(job))
        assert again.cell.key == cell.key
        assert again == job


def test_every_shipped_suite_plans() -> None:
    for name in suite_names():
        assert make_plan(load_suite(name), Request(budget="smoke")).cells
