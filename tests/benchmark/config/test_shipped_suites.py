from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest
import yaml

from benchmark.config.suites import SuiteSpec, load_suite
from benchmark.errors import UserError
from benchmark.plan.cell import Cell
from benchmark.plan.describe import configuration, configuration_text
from benchmark.plan.planner import Plan, make_plan
from benchmark.plan.request import Request

PUBLISHED = Path(__file__).resolve().parents[3] / "results" / "published"


@cache
def planned(name: str, **changes: object) -> Plan:
    return make_plan(load_suite(name), Request(budget="smoke", **changes))


def keys(plan: Plan) -> set[str]:
    return {cell.key for cell in plan.cells}


@pytest.mark.parametrize(("late", "early"), [("table9", "table1"), ("table10", "table2"), ("table6", "table1")])
def test_a_later_table_trains_nothing_that_an_earlier_one_has_trained(late: str, early: str) -> None:
    assert keys(planned(late)) <= keys(planned(early))


@pytest.mark.parametrize("table", ["1", "2", "3", "6", "8", "9", "10"])
def test_every_place_of_a_published_table_is_planned(table: str) -> None:
    names = {"6": "sampling_time.csv", "8": "sensitivity.csv"}
    with (PUBLISHED / names.get(table, "scores.csv")).open() as file:
        rows = [row for row in csv.DictReader(file) if row["table"] == table]
    plan = planned(f"table{table}")
    assert rows
    assert {(r["dataset"], int(r["length"])) for r in rows} == {(c.dataset.id, c.length) for c in plan.cells}
    assert {r["metric"] for r in rows if "metric" in r} <= set(plan.scores)


def test_variants_are_the_cells_that_set_would_make_and_are_told_apart_by_name() -> None:
    cells = {cell.method: cell for cell in planned("table8").cells}
    cell = cells["timemar_s/patch_nums=1-2-3-6,vocab_size=256"]
    assert len(cells) == 7
    request = Request(budget="smoke", assignments=("timemar_s.patch_nums=[1,2,3,6]", "timemar_s.vocab_size=256"))
    suite = SuiteSpec(name="x", datasets=("stocks",), generators=("timemar_s",))
    (by_set,) = make_plan(suite, request).cells
    assert (cell.key, cell.slug) == (by_set.key, by_set.slug)
    # Table 8's middle of the second row is Table 1's own setting on Stocks.
    assert cells["timemar_s/patch_nums=1-2-3-4-5-6,vocab_size=384"].key in keys(planned("table1"))


def test_every_ablation_of_the_paper_finds_its_published_value() -> None:
    from benchmark.report.published import published_scores

    names = {cell.method for cell in planned("table3").cells} - {"oracle"}
    found = {name: published_scores()["context_fid", "mujoco", 24, name].value for name in names}
    # Table 3, Context-FID on MuJoCo.
    expected = {"": 0.003, "_no_frequency": 0.005, "_no_decompose": 0.004, "_no_multiscale": 0.021, "_no_coarse": 0.004}
    assert found == {f"timemar_s{suffix}": value for suffix, value in expected.items()}


def test_all_holds_every_cell_once() -> None:
    plan = planned("all")
    parts = [planned(name) for name in ("table1", "table2", "table3", "table8", "table9", "table10")]
    assert keys(plan) == set().union(*map(keys, parts))
    assert len(plan.cells) == len(keys(plan))
    only: tuple[Cell, ...] = planned("all", only=("dataset=stocks", "generator=copy")).cells
    assert [(cell.dataset.id, cell.generator) for cell in only] == [("stocks", "copy")]


@pytest.mark.parametrize("name", ["table8", "all"])
def test_the_resolved_configuration_of_variants_and_included_suites_is_yaml(name: str) -> None:
    tree = yaml.safe_load(configuration_text(configuration(planned(name))))
    suite = load_suite(name)
    assert tree["suite"]["include"] == list(suite.include)
    assert [entry["params"] for entry in tree["suite"]["variants"]] == [variant.params for variant in suite.variants]
    assert len(tree["cells"]) == len(planned(name).cells)


def test_a_suite_of_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.yaml").write_text("generators: [copy]\n")
    with pytest.raises(UserError, match="suite 'none' lacks the key 'datasets'; add it, or include other suites"):
        load_suite(str(tmp_path / "none.yaml"))
    with pytest.raises(UserError, match="suite 'all' only includes others; use --set with one of table1"):
        planned("all", assignments=("timemar_s.vocab_size=9",))
