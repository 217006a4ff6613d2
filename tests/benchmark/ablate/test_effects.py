from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmark.ablate.cells import AblationSpec, drop_choices, plan_ablation
from benchmark.ablate.effects import _published, conclude, effects
from benchmark.config.generators import generator_names
from benchmark.errors import UserError
from benchmark.plan.cell import Cell
from benchmark.plan.request import Request
from benchmark.report.frame import COLUMNS
from benchmark.statistics import Difference
from benchmark.store.store import Store
from tests.benchmark.report.table_frames import rows
from timemar.generator import TimeMAR


@pytest.mark.parametrize(
    ("interval", "margin", "conclusion"),
    [
        ((0.2, None, None), 0.1, "nothing: one training seed"),
        ((0.05, None, None), 0.1, "nothing: one training seed, and below the floor"),
        ((0.2, -0.1, 0.4), 0.1, "not distinguishable: the interval contains 0"),
        ((0.0, 0.0, 0.0), None, "not distinguishable: the interval contains 0"),
        ((0.05, 0.04, 0.06), 0.1, "not distinguishable: below the floor"),
        ((0.2, 0.05, 0.4), 0.1, "not distinguishable: the interval reaches the floor"),
        ((0.2, 0.15, 0.25), 0.1, "worse without it"),
        ((0.05, 0.04, 0.06), None, "worse without it"),
        ((-0.2, -0.25, -0.15), 0.1, "better without it"),
    ],
)
def test_what_a_difference_allows_to_say(
    interval: tuple[float, float | None, float | None], margin: float | None, conclusion: str
) -> None:
    assert conclude(Difference(*interval, None), margin) == conclusion


def test_timemars_parts_are_those_of_table_3() -> None:
    assert set(drop_choices(TimeMAR)) == {"frequency", "decompose", "multiscale", "coarse"}


def test_cells_are_a_suites_own_and_published_values_stand_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = AblationSpec(("all",), datasets=("stocks",), seeds=2, budget="smoke")
    ablation = plan_ablation(spec, Request())
    assert len(ablation.plan.cells) == 2 + 4 * 2 + 1
    assert len({cell.key for cell in ablation.plan.cells}) == 11
    for drop, cells in ablation.without.items():
        preset = f"timemar_s_no_{drop}"
        assert preset in generator_names()
        assert {cell.generator for cell in cells} == {preset}
        assert {cell.params["drop"] for cell in cells} == {(drop,)}
    assert _published(ablation.base[0], "multiscale", "context_fid") == (0.001, 0.006)
    assert _published(ablation.base[0], "frequency", "spectral") is None


def test_mistakes_name_the_choices() -> None:
    with pytest.raises(UserError, match=r"unknown part 'frequenz' in --drop; timemar_s can drop .*coarse.*, or all\."):
        plan_ablation(AblationSpec(("frequenz",)), Request(data_dir=Path()))
    with pytest.raises(UserError, match="the generator 'copy' has no parts to take out"):
        plan_ablation(AblationSpec(("all",), generator="copy"), Request())


def test_effects_take_the_margin_of_tables_and_the_scale_of_the_score(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ablation = plan_ablation(AblationSpec(("frequency",), datasets=("sines",), budget="smoke"), Request())
    values = {"context_fid": ((1.0, 2.0, 4.0), (2.1, 4.2, 8.4)), "spectral": ((0.1, 0.11, 0.12), (0.2, 0.21, 0.22))}

    def read(cell: Cell, score: str, store: Store) -> float | None:
        return values[score][cell not in ablation.base][cell.seed] if score in values else None

    noise = pd.DataFrame(rows("oracle", "sines", [0.3], metric="spectral"), columns=list(COLUMNS))
    monkeypatch.setattr("benchmark.ablate.effects._score", read)
    monkeypatch.setattr("benchmark.ablate.effects.results_frame", lambda *_: noise)
    found = {one.quantity: one for one in effects(ablation, Store(tmp_path / "runs").create())}
    fid, spectral = found["context_fid"], found["spectral"]
    assert fid.difference is not None
    # Geometric means 2 and 4.2, as Context-FID's spread grows with it.
    assert fid.difference.mean == pytest.approx(2.2)
    assert (spectral.margin, spectral.conclusion) == (0.3, "not distinguishable: below the floor")
