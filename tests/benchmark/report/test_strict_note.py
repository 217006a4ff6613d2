"""What a strict table says of drift."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.data import card, card_text, load_spec
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.report.suite import suite_result
from benchmark.store.store import Store


@pytest.mark.parametrize("protocol", ["paper", "strict"])
def test_drift_stands_beside_strict_tables_alone(protocol: str, tmp_path: Path) -> None:
    suite = SuiteSpec(name="x", datasets=("stocks", "sines"), generators=("copy",), budget="fast", protocol=protocol)
    plan = make_plan(suite, Request(data_dir=tmp_path))
    notes = suite_result(plan, Store(tmp_path / "runs").create()).table.notes
    told = [note for note in notes if note.startswith("Stocks, protocol strict: The level drifts")]
    assert len(told) == (protocol == "strict")
    assert not any(note.startswith("Sines, protocol strict") for note in notes)


def test_the_card_says_it_too(tmp_path: Path) -> None:
    assert "protocol strict: Whole subjects train" in card_text(card(load_spec("fmri"), tmp_path))
