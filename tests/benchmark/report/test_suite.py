from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.data import own_spec
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.report.suite import render, suite_folder, suite_result, write_outputs
from benchmark.store.store import Store


def test_a_table_tells_who_samples_with_fewer_steps_than_it_has(tmp_path: Path) -> None:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("diffwave", "flowts", "copy"), budget="quick")
    text = render(suite_result(make_plan(suite, Request()), Store(tmp_path)), "markdown")
    assert (
        "- Fewer sampling steps than the method has: DiffWave 25 of 500 on Sines 24; FlowTS 50 of 100 on Sines 24.\n"
        in text
    )


def test_such_a_note_counts_a_setting_once_whatever_its_training_seeds(tmp_path: Path) -> None:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("diffwave",), budget="quick", seeds=3)
    for only in ((), ("seed=1,2",)):
        text = render(suite_result(make_plan(suite, Request(only=only)), Store(tmp_path)), "markdown")
        assert "- Fewer sampling steps than the method has: DiffWave 25 of 500 on Sines 24.\n" in text


def test_a_table_of_whole_methods_has_no_such_note(tmp_path: Path) -> None:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("diffwave", "copy"), budget="paper")
    assert "Fewer sampling steps" not in render(suite_result(make_plan(suite, Request()), Store(tmp_path)), "markdown")


@pytest.mark.parametrize(
    "change",
    [
        {"only": ("dataset=sines",)},
        {"assignments": ("timevae.latent=3",)},
        {"seeds": 2},
        {"own": Path("plant.csv")},
    ],
)
def test_a_narrowed_or_altered_suite_leaves_the_whole_suites_files(
    change: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plant.csv").write_text("a,b\n" + "\n".join(f"{i},{i * i % 7}" for i in range(60)) + "\n")
    suite = SuiteSpec(name="x", datasets=("sines", "mujoco"), generators=("timevae", "copy"), budget="smoke")
    store = Store(tmp_path / "runs").create()
    whole = make_plan(suite, Request())
    files = write_outputs(whole, suite_result(whole, store), store)
    before = [path.read_bytes() for path in files]
    changed = {name: own_spec(value) if name == "own" else value for name, value in change.items()}
    part = make_plan(suite, Request(**changed))
    others = write_outputs(part, suite_result(part, store), store)
    assert [path.read_bytes() for path in files] == before
    assert not set(files) & set(others)
    assert others[0].parent == suite_folder(part, store), "where figures lie too"
