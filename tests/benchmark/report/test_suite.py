from __future__ import annotations

from pathlib import Path

from benchmark.config.suites import SuiteSpec
from benchmark.plan.planner import Request, make_plan
from benchmark.report.suite import render, suite_result
from benchmark.store.store import Store


def test_a_table_tells_who_samples_with_fewer_steps_than_it_has(tmp_path: Path) -> None:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("diffwave", "diffusion_ts", "copy"), budget="fast")
    text = render(suite_result(make_plan(suite, Request()), Store(tmp_path)), "markdown")
    assert "- Fewer sampling steps than the method has: DiffWave 50 of 500 on Sines 24.\n" in text


def test_a_table_of_whole_methods_has_no_such_note(tmp_path: Path) -> None:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("diffwave", "copy"), budget="paper")
    assert "Fewer sampling steps" not in render(suite_result(make_plan(suite, Request()), Store(tmp_path)), "markdown")
