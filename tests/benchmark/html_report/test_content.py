from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.files import write_json
from benchmark.html_report.content import of_frame, of_plan
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.store.sealed_record import sealed
from benchmark.store.store import Store
from tests.benchmark.html_report.frames import frame, mixed, rows


def test_every_cell_of_a_frame_has_a_card_and_every_failure_its_reason() -> None:
    data = mixed()
    part = of_frame(data, "A test").parts[0]
    assert {card.slug for card in part.cards} == set(data["cell"])
    assert len(part.cards) == 11
    assert part.counts == (("done", 10), ("diverged", 1))
    assert [(card.title, card.state, card.problem) for card in part.failures] == [
        ("Cotgan", "diverged", "ValueError: 50 % of <b>it</b> is & stays NaN")
    ]


def test_protocols_and_budgets_are_never_in_one_table() -> None:
    both = frame(rows("timevae", [0.1, 0.2]), rows("timevae", [0.3, 0.4], protocol="strict"))
    parts = of_frame(both, "A test").parts
    assert [part.title for part in parts] == ["Protocol paper, budget fast", "Protocol strict, budget fast"]
    assert [part.boards[0].rows[0].entries[0].text[:6] for part in parts] == ["0.1500", "0.3500"]
    assert len({card.id for part in parts for card in part.cards}) == 2


def test_components_of_variance_where_there_are_several_models() -> None:
    values = {0: [0.10, 0.12], 1: [0.20, 0.22], 2: [0.30, 0.32]}
    several = frame(*(rows("timevae", found, seed=seed) for seed, found in values.items()))
    table = of_frame(several, "A test").parts[0].variance
    assert table is not None
    # Means 0.11, 0.21, 0.31: their variance is 0.01; repetitions differ by the same 0.02 everywhere, so nothing is left over.
    first = [one.text for one in table.lines[0].texts]
    assert first[:4] == ["Timevae", "Stocks, length 24", "Context-FID ↓", "0.10000 (98 %) [0.05207, 0.62847]"]
    assert of_frame(frame(rows("timevae", [0.1, 0.2])), "A test").parts[0].variance is None


def test_an_unbalanced_design_says_so() -> None:
    several = frame(rows("timevae", [0.10, 0.12], seed=0), rows("timevae", [0.20], seed=1))
    table = of_frame(several, "A test").parts[0].variance
    assert table is not None
    assert "balanced" in table.lines[0].texts[-1].text


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs").create()


def test_a_plans_cells_tell_stage_reason_warnings_and_provenance(store: Store) -> None:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("timevae", "copy"), budget="smoke")
    plan = make_plan(suite, Request())
    broken = store.cell(plan.cells[0])
    broken.path.mkdir()
    write_json(broken.path / "status.json", sealed({"state": "failed", "reason": "no memory left", "stage": "fit"}))
    machine = {"system": "Linux", "processor": "x86_64", "cores": 2, "device": "cpu"}
    fit = {"wall_seconds": 3.0, "machine": machine, "versions": {"torch": "2"}, "commit": "abc", "dirty": True}
    write_json(broken.path / "provenance.json", sealed({"stages": {"fit": {**fit, "warnings": ["the loss rose"]}}}))
    part = of_plan(plan, store).parts[0]
    first, second = part.cards
    assert (first.state, first.stage, first.problem) == ("failed", "fit", "no memory left")
    assert (second.state, second.problem[:13]) == ("missing", "not computed:")
    assert first.warning == "the loss rose"
    assert part.warned == (first,)
    facts = dict(first.facts)
    assert facts["Commit"] == "abc with changed files"
    assert facts["Machine"] == "Linux, x86_64, 2 cores, device cpu"
    assert facts["Versions"] == "torch 2"
    assert "latent=" in facts["Parameters"]
    assert first.stages[0][0] == "fit"


def test_a_card_has_the_spread_of_its_leaderboard() -> None:
    draws = [rows("alpha", [0.1 + 0.04 * draw, 0.1001 + 0.04 * draw], sampling_seed=draw) for draw in range(3)]
    (part,) = of_frame(frame(*draws), "x").parts
    (board,) = part.boards
    (card,) = part.cards
    (score,) = card.scores
    assert board.rows[0].entries[0].text.startswith("0.1401 ± 0.09")
    assert score.mean.startswith("0.14005 ± 0.09")
