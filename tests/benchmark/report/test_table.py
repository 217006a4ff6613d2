from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from benchmark.report.render import latex, markdown
from benchmark.report.table import Table, make_table
from benchmark.results import COLUMNS


def rows(generator: str, dataset: str, values: list[float], **changes: Any) -> list[dict[str, Any]]:
    base = {
        "cell": f"{generator}-{dataset}", "generator": generator, "title": generator.title(), "size_class": "small",
        "dataset": dataset, "length": 24, "protocol": "paper", "budget": "fast", "seed": 0, "metric": "context_fid",
        "n": 3662, "status": "done", "reason": "",
    }  # fmt: skip
    return [{**base, "repetition": i, "value": value, **changes} for i, value in enumerate(values)]


def table(*parts: list[dict[str, Any]]) -> Table:
    frame = pd.DataFrame([row for part in parts for row in part], columns=list(COLUMNS))
    return make_table(frame, title="A test", dataset_titles={"stocks": "Stocks", "sines": "Sines"})


def entry(made: Table, generator: str) -> Any:
    return next(row for row in made.blocks[0].rows if row.generator == generator).entries[0]


def test_best_and_second_are_marked_among_models_and_controls_stand_apart() -> None:
    made = table(
        rows("alpha", "stocks", [0.5, 0.5]),
        rows("beta", "stocks", [0.2, 0.2]),
        rows("gamma", "stocks", [0.3, 0.3]),
        rows("copy", "stocks", [0.0, 0.0], size_class="control"),
    )
    assert [entry(made, name).mark for name in ("alpha", "beta", "gamma", "copy")] == ["", "best", "second", ""]


def test_what_lies_within_the_noise_of_the_best_ties_with_it() -> None:
    made = table(
        rows("alpha", "stocks", [0.012, 0.012]),
        rows("beta", "stocks", [0.010, 0.010]),
        rows("gamma", "stocks", [0.03, 0.03]),
        rows("oracle", "stocks", [0.004, 0.004], size_class="control"),
    )
    assert [entry(made, name).mark for name in ("alpha", "beta", "gamma")] == ["best", "best", "second"]
    assert made.blocks[0].floors == (0.004,)


@pytest.mark.parametrize(
    ("values", "verdict"), [([0.101, 0.101], "worse"), ([0.0012, 0.0012], "tie"), ([0.0, 0.6, 0.3], "tie")]
)
def test_verdict_beside_the_published_value(values: list[float], verdict: str) -> None:
    # Table 1 of the paper: TimeMAR-S on Stocks has a Context-FID of 0.001 ± .000.
    made = entry(table(rows("timemar_s", "stocks", values), rows("oracle", "stocks", [0.002, 0.002])), "timemar_s")
    assert made.published.value == 0.001
    assert made.verdict == verdict


def test_several_seeds_give_the_spread_of_the_models() -> None:
    made = entry(table(rows("alpha", "stocks", [0.1, 0.3]), rows("alpha", "stocks", [0.3, 0.5], seed=1)), "alpha")
    assert made.seeds == 2
    assert made.mean == pytest.approx(0.3)
    # Seed means 0.2 and 0.4: s = 0.1414, t(0.975, 1) = 12.706.
    assert made.half_width == pytest.approx(12.706 * 0.141421 / 2**0.5, rel=1e-4)


def test_a_failure_is_a_row_with_its_reason_in_both_formats() -> None:
    broken = rows("alpha", "stocks", [float("nan")], status="failed", reason="ValueError: 50% of_it & more", n=None)
    made = table(broken, rows("beta", "stocks", [0.2, 0.2]))
    assert "| failed |" in markdown(made)
    assert "Alpha on Stocks — failed: ValueError: 50% of_it & more" in markdown(made)
    assert "% Alpha on Stocks — failed" in latex(made)


def test_latex_escapes_and_balances() -> None:
    made = table(rows("a_b&c", "stocks", [0.2, 0.25]))
    text = latex(made)
    assert r"A\_B\&C" in text
    assert text.count("{") == text.count("}")
    assert text.count(r"\begin") == text.count(r"\end") == 2
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {line.replace(r"\&", "").count("&") for line in body} == {2}


def test_caption_counts_windows_and_names_the_spread_and_the_budget() -> None:
    made = table(rows("alpha", "stocks", [0.2] * 5), rows("oracle", "stocks", [0.1] * 5, n=1831, size_class="control"))
    assert "Stocks 3,662 (oracle 1,831)" in made.caption
    assert "Budget fast" in made.caption
    assert "95 % t-interval over 5 repetitions" in made.caption


def test_where_the_ideal_cannot_be_reached_only_the_oracles_spread_makes_a_tie() -> None:
    made = table(
        rows("alpha", "stocks", [0.037, 0.037], metric="predictive"),
        rows("beta", "stocks", [0.060, 0.060], metric="predictive"),
        rows("oracle", "stocks", [0.0360, 0.0361], metric="predictive", size_class="control"),
    )
    assert [entry(made, name).mark for name in ("alpha", "beta")] == ["best", "second"]
    # s = 0.0000707, t(0.975, 1) = 12.706.
    assert made.blocks[0].margins[0] == pytest.approx(12.706 * 0.0000707 / 2**0.5, rel=1e-3)


def test_an_analytic_floor_is_that_of_the_largest_n() -> None:
    made = table(
        rows("alpha", "stocks", [0.02, 0.02], metric="discriminative", floor=0.0104),
        rows("oracle", "stocks", [0.01, 0.01], metric="discriminative", floor=0.0147, n=1831, size_class="control"),
    )
    assert made.blocks[0].floors == (0.0104,)
