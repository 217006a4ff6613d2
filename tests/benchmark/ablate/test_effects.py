from __future__ import annotations

from pathlib import Path

import pytest
from scipy.stats import ttest_rel

from benchmark.ablate.cells import AblationSpec, drop_choices, plan_ablation
from benchmark.ablate.effects import _published, conclude
from benchmark.config.generators import generator_names
from benchmark.errors import UserError
from benchmark.plan.request import Request
from benchmark.statistics import Summary, summarise
from timemar.generator import TimeMAR


@pytest.mark.parametrize(
    ("difference", "margin", "conclusion"),
    [
        (Summary(0.2, None), 0.1, "nothing: one training seed"),
        (Summary(0.05, None), 0.1, "nothing: one training seed, and below the floor"),
        (Summary(0.2, 0.3), 0.1, "not distinguishable: the interval contains 0"),
        (Summary(0.0, 0.0), None, "not distinguishable: the interval contains 0"),
        (Summary(0.05, 0.01), 0.1, "not distinguishable: below the floor"),
        (Summary(0.2, 0.15), 0.1, "not distinguishable: the interval reaches the floor"),
        (Summary(0.2, 0.05), 0.1, "worse without it"),
        (Summary(0.05, 0.01), None, "worse without it"),
    ],
)
def test_what_a_difference_allows_to_say(difference: Summary, margin: float | None, conclusion: str) -> None:
    assert conclude(difference, margin, farther=True) == conclusion


def test_nearer_to_the_ideal_is_better_without() -> None:
    assert conclude(Summary(-0.2, 0.05), 0.1, farther=False) == "better without it"


def test_the_interval_is_that_of_a_paired_t_test() -> None:
    whole, without = [0.011, 0.014, 0.012, 0.016], [0.019, 0.018, 0.021, 0.020]
    mean, half_width = summarise([b - a for a, b in zip(whole, without, strict=True)])
    low, high = ttest_rel(without, whole).confidence_interval(0.95)
    assert (mean - half_width, mean + half_width) == pytest.approx((low, high))


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
