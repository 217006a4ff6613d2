from __future__ import annotations

import pandas as pd
import pytest

from benchmark.report.choose import without_published
from benchmark.report.efficiency import with_efficiency
from benchmark.report.floor import verdict
from benchmark.report.frame import COLUMNS
from benchmark.report.html import html
from benchmark.report.latex import latex
from benchmark.report.layouts import methods
from benchmark.report.published import Published
from benchmark.report.render import markdown
from benchmark.report.table import make_table
from benchmark.statistics.tests import equivalence
from metrics import registry
from tests.benchmark.report.table_frames import entry, rows, table


def test_best_and_second_are_marked_among_models_and_controls_stand_apart() -> None:
    made = table(
        rows("alpha", "stocks", [0.5, 0.5]),
        rows("beta", "stocks", [0.2, 0.2]),
        rows("gamma", "stocks", [0.3, 0.3]),
        rows("copy", "stocks", [0.0, 0.0], size_class="control"),
    )
    assert [entry(made, name).mark for name in ("alpha", "beta", "gamma", "copy")] == ["", "best", "second", ""]


def test_letters_show_who_cannot_be_told_apart_among_generators() -> None:
    made = table(
        rows("alpha", "stocks", [0.50, 0.52, 0.51, 0.53]),
        rows("beta", "stocks", [0.20, 0.22, 0.21, 0.23]),
        rows("gamma", "stocks", [0.21, 0.21, 0.22, 0.22]),
        rows("copy", "stocks", [0.0, 0.0, 0.0, 0.0], size_class="control"),
    )
    assert [entry(made, name).groups for name in ("alpha", "beta", "gamma", "copy")] == ["b", "a", "a", ""]
    assert "share a letter" in made.caption
    assert "paired t-tests over repetitions of one trained model, which contain no variance of training" in made.caption
    assert "0.2150 ± 0.0205**<sup>a</sup>" in markdown(methods(made))


def test_letters_over_training_seeds_contain_the_variance_of_training() -> None:
    parts = [
        rows(name, "stocks", [value + 0.01 * seed, value], seed=seed)
        for name, value in (("alpha", 0.1), ("beta", 0.5))
        for seed in (0, 1, 2)
    ]
    made = table(*parts)
    assert [entry(made, name).groups for name in ("alpha", "beta")] == ["a", "b"]
    assert "Welch's t-tests over training seeds; by Holm's" in made.caption


def test_single_values_and_shortened_scores_have_no_letters() -> None:
    made = table(rows("alpha", "stocks", [0.1]), rows("beta", "stocks", [0.5]))
    assert [entry(made, name).groups for name in ("alpha", "beta")] == ["", ""]
    assert "No letters for Context-FID: one value a generator has no spread." in made.caption
    short = table(
        rows("alpha", "stocks", [0.1, 0.11, 0.1], budget="smoke"),
        rows("beta", "stocks", [0.5, 0.51, 0.5], budget="smoke"),
    )
    assert entry(short, "alpha").groups == ""
    assert "letter" not in short.caption


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
    ("values", "verdict"),
    [
        ([0.101, 0.101], "worse"),
        ([0.0012, 0.0012], "tie"),
        # 0.3 ± 0.745 beside 0.001: an interval that holds everything decides nothing.
        ([0.0, 0.6, 0.3], "undecided"),
        # A difference of 0.002 beyond the margin of 0.002 by less than its half-width.
        ([0.0031, 0.0033], "undecided"),
        ([0.3], "undecided"),
    ],
)
def test_verdict_beside_the_published_value(values: list[float], verdict: str) -> None:
    # Table 1 of the paper: TimeMAR-S on Stocks has a Context-FID of 0.001 ± .000.
    made = entry(table(rows("timemar_s", "stocks", values), rows("oracle", "stocks", [0.002, 0.002])), "timemar_s")
    assert made.published.value == 0.001
    assert made.verdict == verdict


@pytest.mark.parametrize(
    ("difference", "half_width", "margin", "said"),
    [
        (0.0, 1.0, 1.0, "tie"),
        (0.6, 0.4, 1.0, "tie"),
        (0.6, 0.5, 1.0, "undecided"),
        (-1.5, 0.5, 1.0, "undecided"),
        (-1.6, 0.5, 1.0, "different"),
        (0.1, 0.0, 0.0, "different"),
        (0.0, 0.0, 0.0, "tie"),
        (0.1, 0.2, 0.0, "undecided"),
    ],
)
def test_a_tie_needs_the_whole_interval_within_the_margin(
    difference: float, half_width: float, margin: float, said: str
) -> None:
    assert equivalence(difference, half_width, margin) == said


def test_a_shortened_budget_gives_no_verdict() -> None:
    made = table(rows("timemar_s", "stocks", [0.101, 0.101], budget="smoke"))
    assert entry(made, "timemar_s").published.value == 0.001
    assert entry(made, "timemar_s").verdict is None
    assert "gives no verdict" in made.beside


@pytest.mark.parametrize("change", [{"protocol": "strict"}, {"altered": "vocab_size=256"}])
def test_no_published_value_stands_beside_another_protocol_or_altered_parameters(change: dict[str, str]) -> None:
    made = table(rows("timemar_s", "stocks", [0.101, 0.101], **change))
    assert entry(made, "timemar_s").published is None
    assert "published 0" not in markdown(methods(made))


def test_altered_parameters_stand_in_the_caption_of_every_format() -> None:
    made = table(rows("timemar_s", "stocks", [0.1, 0.1], altered="vocab_size=256", title="TimeMAR-S, vocab_size=256"))
    for text in (markdown(methods(made)), html(methods(made)), latex(methods(made)).replace(r"\_", "_")):
        assert text.count("TimeMAR-S, vocab_size=256") == 2, "the row and the caption"


def test_altered_cells_are_a_row_of_their_own_and_not_averaged_with_the_published_settings() -> None:
    altered = {"altered": "vocab_size=64", "title": "Timemar_S, vocab_size=64"}
    made = table(
        rows("timemar_s", "stocks", [0.1, 0.3]),
        rows("timemar_s", "stocks", [0.7, 0.9], cell="other", **altered),
        rows("oracle", "stocks", [0.002, 0.002]),
    )
    found = [(row.title, row.entries[0].mean, row.entries[0].published) for row in made.blocks[0].rows[:2]]
    assert [(title, mean) for title, mean, _ in found] == [
        ("Timemar_S", pytest.approx(0.2)),
        ("Timemar_S, vocab_size=64", pytest.approx(0.8)),
    ]
    assert [value and value.value for *_, value in found] == [0.001, None]


def test_costs_of_altered_cells_are_their_own() -> None:
    parts = [
        rows("timemar_s", "stocks", [0.1], parameters=2_000_000),
        rows("timemar_s", "stocks", [0.1], parameters=1_000_000, altered="x=1", title="Timemar_S, x=1"),
    ]
    frame = pd.DataFrame([row for part in parts for row in part], columns=list(COLUMNS))
    made = with_efficiency(make_table(frame, title="", dataset_titles={}), frame)
    sizes = next(block for block in made.blocks if block.info.name == "parameters")
    assert [(row.title, row.entries[0].mean) for row in sizes.rows] == [("Timemar_S", 2.0), ("Timemar_S, x=1", 1.0)]


@pytest.mark.parametrize("change", [{"protocol": "strict"}, {"altered": "vocab_size=256"}, {"protocol": "paper"}])
def test_a_place_that_was_not_run_has_a_published_value_only_beside_the_published_settings(
    change: dict[str, str],
) -> None:
    made = table(
        rows("timemar_s", "stocks", [0.1, 0.1], **change),
        rows("copy", "sines", [0.1, 0.1], **({} if "altered" in change else change)),
    )
    not_run = made.blocks[0].rows[0].entries[1]
    assert not_run.status == "not run"
    # Table 1 of the paper: TimeMAR-S on Sines has a Context-FID of 0.001.
    assert (not_run.published is not None) == (change == {"protocol": "paper"})


def test_a_caption_speaks_of_published_values_only_where_there_are_some() -> None:
    assert table(rows("timemar_s", "plant", [0.1, 0.1])).beside == ""
    assert table(rows("timemar_s", "stocks", [0.1, 0.1], altered="x=1")).beside == ""
    told = table(rows("timemar_s", "stocks", [0.1, 0.1]))
    assert methods(told).caption.endswith(told.beside)
    assert "In parentheses the published value" in told.beside
    assert "In parentheses" not in methods(without_published(told)).caption


def test_a_caption_says_where_nothing_tells_the_noise() -> None:
    said = "Columns without a floor have no measured noise: there only the interval decides."
    assert said in table(rows("timemar_s", "stocks", [0.1, 0.1])).beside
    oracle = rows("oracle", "stocks", [0.002, 0.002], size_class="control")
    assert said not in table(rows("timemar_s", "stocks", [0.1, 0.1]), oracle).beside


def test_a_single_row_is_not_the_best() -> None:
    made = table(rows("alpha", "stocks", [0.2, 0.2]), rows("copy", "stocks", [0.1, 0.1], size_class="control"))
    assert entry(made, "alpha").mark == ""
    assert "bold" not in made.caption, "nothing is"
    assert "Best bold" in table(rows("alpha", "stocks", [0.2, 0.2]), rows("beta", "stocks", [0.9, 0.9])).caption


def test_a_metric_without_a_direction_says_what_bold_means() -> None:
    two = [rows(name, "stocks", [value], metric="dcr_ratio") for name, value in (("alpha", 1.1), ("beta", 0.2))]
    made = table(*two)
    assert [entry(made, name).mark for name in ("alpha", "beta")] == ["best", "second"]
    assert "bold is nearest to 1, a perfect generator's value" in made.caption


def test_several_seeds_give_the_spread_of_the_models() -> None:
    made = entry(table(rows("alpha", "stocks", [0.1, 0.3]), rows("alpha", "stocks", [0.3, 0.5], seed=1)), "alpha")
    assert (made.level, made.size) == ("seed", 2)
    assert made.mean == pytest.approx(0.3)
    # Seed means 0.2 and 0.4: s = 0.1414, t(0.975, 1) = 12.706.
    assert made.half_width == pytest.approx(12.706 * 0.141421 / 2**0.5, rel=1e-4)


@pytest.mark.parametrize(
    ("seeds", "draws", "over"),
    [
        (2, 2, "2 training seeds"),
        (1, 2, "2 draws of samples from one trained model"),
        (1, 1, "2 repetitions of a score on one trained model"),
    ],
)
def test_the_spread_is_over_the_outermost_unit_of_which_there_are_several(seeds: int, draws: int, over: str) -> None:
    parts = [
        rows(
            "alpha",
            "stocks",
            [0.1 * seed + 0.01 * draw, 0.1 * seed + 0.01 * draw + 0.001],
            seed=seed,
            sampling_seed=draw,
        )
        for seed in range(seeds)
        for draw in range(draws)
    ]
    made = table(*parts)
    assert f"95 % t-interval over {over}." in made.caption
    # Two values x and y have the half-width t(0.975, 1) · |x − y| / 2.
    step = 0.1 if seeds > 1 else 0.01 if draws > 1 else 0.001
    assert entry(made, "alpha").half_width == pytest.approx(12.7062 * step / 2, rel=1e-4)


def test_draws_without_a_value_leave_the_entry_unfinished() -> None:
    failed = {"status": "failed", "reason": "killed"}
    draws = [rows("alpha", "stocks", [value], sampling_seed=draw) for draw, value in enumerate([0.1, 0.2])]
    made = entry(table(*draws, rows("alpha", "stocks", [float("nan")], sampling_seed=2, **failed)), "alpha")
    assert (made.mean, made.status, made.reason) == (None, "failed", "killed")


def test_caption_counts_windows_and_names_the_spread_and_the_budget() -> None:
    made = table(rows("alpha", "stocks", [0.2] * 5), rows("oracle", "stocks", [0.1] * 5, n=1831, size_class="control"))
    assert "Stocks 3,662 (oracle 1,831)" in made.caption
    assert "Budget fast" in made.caption
    assert "95 % t-interval over 5 repetitions" in made.caption


def test_the_caption_names_every_unit_that_a_spread_is_over() -> None:
    several = [rows("alpha", "stocks", [0.2, 0.3 + 0.1 * seed], seed=seed) for seed in range(3)]
    made = table(*several, rows("beta", "stocks", [0.2] * 5))
    assert (
        "95 % t-interval over 3 training seeds where a value has several, otherwise over 5 repetitions of a score on one "
        "trained model."
    ) in made.caption
    fewer = [rows("gamma", "stocks", [0.2, 0.3 + 0.1 * seed], seed=seed) for seed in range(2)]
    assert "95 % t-interval over 2 to 3 training seeds." in table(*several, *fewer).caption


def test_where_the_ideal_cannot_be_reached_only_the_oracles_spread_makes_a_tie() -> None:
    made = table(
        rows("alpha", "stocks", [0.037, 0.037], metric="predictive"),
        rows("beta", "stocks", [0.060, 0.060], metric="predictive"),
        rows("oracle", "stocks", [0.0360, 0.0361], metric="predictive", size_class="control"),
    )
    assert [entry(made, name).mark for name in ("alpha", "beta")] == ["best", "second"]
    # s = 0.0000707, t(0.975, 1) = 12.706.
    assert made.blocks[0].margins[0] == pytest.approx(12.706 * 0.0000707 / 2**0.5, rel=1e-3)


def test_an_oracle_of_equal_training_seeds_has_the_spread_of_one() -> None:
    values, look = [0.0360, 0.0361, 0.0365], {"metric": "predictive", "size_class": "control"}
    alone, thrice = (
        table(
            rows("alpha", "stocks", [0.037, 0.038], metric="predictive"),
            *(rows("oracle", "stocks", values, seed=seed, **look) for seed in range(seeds)),
        )
        for seeds in (1, 3)
    )
    assert thrice.blocks[0].margins == alone.blocks[0].margins != (0.0,)
    assert entry(thrice, "oracle") == entry(alone, "oracle")
    assert "over 2 to 3 repetitions of a score" in thrice.caption


def test_an_analytic_floor_is_that_of_the_largest_n() -> None:
    made = table(
        rows("alpha", "stocks", [0.02, 0.02], metric="discriminative", floor=0.0104),
        rows("oracle", "stocks", [0.01, 0.01], metric="discriminative", floor=0.0147, n=1831, size_class="control"),
    )
    assert made.blocks[0].floors == (0.0104,)


def test_sampling_times_get_the_published_seconds_and_no_verdict() -> None:
    made = table(
        rows("timemar_s", "stocks", [0.2], metric="sampling_time", n=256, device="cpu"),
        rows("oracle", "stocks", [0.001], metric="sampling_time", n=256, size_class="control"),
    )
    found = entry(made, "timemar_s")
    # Table 6 of the paper.
    assert (found.published.value, found.verdict, made.blocks[0].floors) == (1.67, None, (None,))
    assert "floor" not in markdown(methods(made))
    assert "median seconds to sample 256 windows" in made.caption
    assert "Sampling time (s) on device cpu." in made.caption
    assert "±" not in made.caption


def test_the_oracles_windows_are_counted_by_its_own_rows_and_timed_windows_are_not_counted() -> None:
    timed = rows("alpha", "stocks", [1.0], metric="sampling_time", n=256)
    assert "Windows scored: Stocks 3,662." in table(rows("alpha", "stocks", [0.1]), timed).caption
    oracle = rows("oracle", "stocks", [0.01], size_class="control", n=1831)
    assert (
        "Windows scored: Stocks 3,662 (oracle 1,831)." in table(rows("alpha", "stocks", [0.1]), timed, oracle).caption
    )
    assert "Windows scored: none." in table(timed).caption


def test_a_floor_that_is_the_ideal_leaves_the_oracles_spread_as_noise() -> None:
    def density(generator: str, values: list[float], **changes: object) -> list[dict[str, object]]:
        return rows(generator, "stocks", values, metric="density", floor=1.0, **changes)

    alone = table(density("alpha", [0.99, 1.0]), density("beta", [1.02, 1.03])).blocks[0]
    assert (alone.floors, alone.margins) == ((1.0,), (0.0,))
    made = table(density("alpha", [0.99, 1.0]), density("oracle", [0.95, 1.05, 1.0], size_class="control")).blocks[0]
    assert made.floors == (1.0,)
    assert made.margins[0] == pytest.approx(0.124, abs=0.001)


@pytest.mark.parametrize("metric", ["tstr", "tstr_horizons", "context_kid", "context_fid_infinity"])
def test_scores_whose_ideal_can_be_passed_are_best_near_it(metric: str) -> None:
    info = registry.load(metric).info
    assert info.range[0] < info.ideal
    assert info.higher_is_better is None
    better, worse = [info.ideal + shift for shift in (0.0, 1e-5)], [info.ideal - 0.3 + shift for shift in (0.0, 1e-5)]
    made = table(rows("better", "stocks", better, metric=metric), rows("worse", "stocks", worse, metric=metric))
    assert entry(made, "better").mark == "best"
    assert f"bold is nearest to {info.ideal:g}" in made.caption


def test_letters_say_which_units_they_are_over() -> None:
    def two(dataset: str, seeds: range) -> list[dict[str, object]]:
        return [
            row
            for name, level in (("alpha", 0.1), ("beta", 0.2))
            for seed in seeds
            for row in rows(name, dataset, [level + 0.001 * seed, level + 0.002], seed=seed)
        ]

    assert "apart: Welch's t-tests over training seeds; by" in table(two("stocks", range(3))).caption
    assert "apart: paired t-tests over repetitions of one trained model" in table(two("stocks", range(1))).caption
    both = table(two("stocks", range(3)), two("sines", range(1)))
    assert (
        "Welch's t-tests over training seeds where all generators of a column have several, otherwise paired t-tests over"
        in both.caption
    )
    fewer = table(two("stocks", range(3)), rows("gamma", "stocks", [0.3, 0.31]))
    assert "apart: paired t-tests over repetitions of one trained model" in fewer.caption


@pytest.mark.parametrize(("margin", "said"), [(0.04, "worse"), (0.06, "undecided"), (0.16, "tie")])
def test_the_published_plus_minus_joins_the_interval(margin: float, said: str) -> None:
    """0.1 ± 0.03 beside 0 ± 0.04: the difference is 0.1 ± 0.05."""
    assert verdict(0.1, 0.03, Published(0.0, 0.04, "1"), margin, 0.0) == said


def test_a_cost_is_a_mean_over_training_seeds_however_many_scores_each_has() -> None:
    frame = pd.DataFrame(
        [
            *rows("jitter", "sines", [0.1] * 5, fit_seconds=10.0),
            *rows("jitter", "sines", [0.1], seed=1, fit_seconds=40.0),
        ],
        columns=list(COLUMNS),
    )
    made = with_efficiency(make_table(frame, title="A test", dataset_titles={}), frame)
    (cost,) = (block for block in made.blocks if block.info.name == "fit_seconds")
    assert cost.rows[0].entries[0].mean == 25.0
