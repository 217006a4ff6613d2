from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmark.errors import UserError
from benchmark.report.render import markdown
from benchmark.report.statistics import SuiteStatistics, statistics_of
from benchmark.report.statistics_text import statistics_tables
from benchmark.statistics.bayes import mean_probabilities
from tests.benchmark.report.long_frame import LEVELS, make_frame


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return make_frame(8)


@pytest.fixture(scope="module")
def found(frame: pd.DataFrame) -> SuiteStatistics:
    return statistics_of(frame)


def by_hand(frame: pd.DataFrame) -> dict[str, list[float]]:
    """The mean of each generator in each data set, in one order of the data sets."""
    return {
        name: [
            frame[(frame["generator"] == name) & (frame["dataset"] == f"set{place}")]["value"].mean()
            for place in range(8)
        ]
        for name in LEVELS
    }


def statistics_text(found: SuiteStatistics) -> str:
    return "\n".join(map(markdown, statistics_tables(found)))


def test_friedman_over_a_long_frame_is_scipys_over_lists_by_generator(
    frame: pd.DataFrame, found: SuiteStatistics
) -> None:
    means = by_hand(frame)
    expected = stats.friedmanchisquare(*means.values())
    test = found.scores[0].test
    assert (test.statistic, test.p) == pytest.approx((expected.statistic, expected.pvalue))
    transposed = stats.friedmanchisquare(*np.array(list(means.values())).T)
    assert test.statistic != pytest.approx(transposed.statistic)


def test_mean_ranks_and_win_rates_by_hand(frame: pd.DataFrame, found: SuiteStatistics) -> None:
    means = pd.DataFrame(by_hand(frame))
    score = found.scores[0]
    expected = means.rank(axis="columns").mean().sort_values()
    assert score.generators == tuple(expected.index)
    assert score.mean_ranks == pytest.approx(list(expected))
    first, last = score.generators[0], score.generators[-1]
    advantage = means[last] - means[first]
    assert (np.abs(advantage) > 0.01).all()  # beyond the floor, so that nobody ties
    assert score.win_rates[0][-1] == (advantage > 0).mean()


def test_a_setting_compares_its_first_with_each_by_paired_tests_over_repetitions(
    frame: pd.DataFrame, found: SuiteStatistics
) -> None:
    setting = next(one for one in found.scores[0].settings if one.dataset == "set3")
    here = frame[frame["dataset"] == "set3"].sort_values("repetition")
    values = {name: here[here["generator"] == name]["value"].to_numpy() for name in LEVELS}
    first, other = setting.generators[0], setting.against[-1]
    expected = stats.ttest_rel(np.log(values[other.generator]), np.log(values[first]))  # Context-FID: of logarithms
    assert (setting.unit, setting.units, setting.margin) == ("repetition", 5, pytest.approx(0.01))
    assert other.p == pytest.approx(expected.pvalue)
    assert other.p <= other.p_holm
    assert other.difference == pytest.approx(stats.gmean(values[other.generator]) - stats.gmean(values[first]))
    low, high = other.bootstrap
    assert low < other.difference < high
    assert sum(
        (other.probabilities.better, other.probabilities.equivalent, other.probabilities.worse)
    ) == pytest.approx(1.0)


def test_controls_are_no_competitors(found: SuiteStatistics) -> None:
    assert set(found.scores[0].generators) == set(LEVELS)


def test_two_data_sets_are_refused_in_words_and_ranked_all_the_same() -> None:
    score = statistics_of(make_frame(2)).scores[0]
    assert (score.test.p, score.probabilities) == (None, ())
    assert "2 blocks" in score.test.reason
    assert "2 blocks" in score.probabilities_reason
    assert len(score.mean_ranks) == 4
    repetitions, seeds, settings, together = score.stability
    assert (repetitions.drawn, seeds.drawn, settings.drawn) == (("repetitions",), (), ())
    assert together.drawn == ("repetitions",)


def test_training_seeds_are_the_unit_where_there_are_several() -> None:
    score = statistics_of(make_frame(1, repetitions=2, seeds=4)).scores[0]
    setting = score.settings[0]
    assert (setting.unit, setting.units) == ("training seed", 4)
    assert setting.stability[1].drawn == ("training seeds",)
    assert not any("one trained model" in note for note in statistics_of(make_frame(1, 2, seeds=4)).notes)


def test_training_seeds_are_compared_by_welchs_tests_since_their_numbers_name_nothing_shared() -> None:
    frame = make_frame(1, repetitions=2, seeds=4)
    setting = statistics_of(frame).scores[0].settings[0]
    seeds = frame.groupby(["generator", "seed"])["value"].mean()
    first, other = setting.generators[0], setting.against[0]
    expected = stats.ttest_ind(np.log(seeds[other.generator]), np.log(seeds[first]), equal_var=False)
    assert other.p == pytest.approx(expected.pvalue)
    plain = stats.ttest_ind(seeds[first], seeds[other.generator], equal_var=False, alternative="less")
    without_margin = mean_probabilities(seeds[first].to_numpy(), seeds[other.generator].to_numpy(), 0.0, paired=False)
    assert without_margin.better == pytest.approx(1 - plain.pvalue)
    assert other.probabilities.better < without_margin.better
    renumbered = frame.assign(seed=(frame["seed"] + (frame["generator"] == other.generator)) % 4)
    again = statistics_of(renumbered).scores[0].settings[0].against[0]
    assert (again.p, again.low, again.high) == pytest.approx((other.p, other.low, other.high))


def test_a_generator_without_a_value_somewhere_is_named_and_not_ranked() -> None:
    frame = make_frame(3)
    frame.loc[(frame["generator"] == "alpha") & (frame["dataset"] == "set1"), "value"] = np.nan
    score = statistics_of(frame).scores[0]
    assert (set(score.generators), score.left_out) == ({"beta", "gamma", "delta"}, ("alpha",))
    assert "Not ranked, without a value in every setting: alpha." in statistics_text(statistics_of(frame))


def test_one_generator_with_values_everywhere_has_no_order_to_be_stable() -> None:
    frame = make_frame(3)
    frame.loc[(frame["generator"] != "beta") & (frame["dataset"] == "set1"), "value"] = np.nan
    frame.loc[(frame["generator"] == "gamma") & (frame["dataset"] == "set1"), "value"] = 0.3
    frame.loc[(frame["generator"] == "gamma") & (frame["dataset"] == "set2"), "value"] = np.nan
    found = statistics_of(frame)
    assert (found.scores[0].generators, found.scores[0].stability) == (("beta",), ())
    assert "| 1 | beta | 1.00 |" in statistics_text(found)


def test_one_generator_beside_controls_has_no_statistics() -> None:
    frame = make_frame(2)
    assert statistics_of(frame[frame["generator"].isin(["alpha", "oracle", "copy"])]).scores == ()


def test_a_frame_read_from_its_csv_gives_the_same(
    frame: pd.DataFrame, found: SuiteStatistics, tmp_path: object
) -> None:
    frame.to_csv(f"{tmp_path}/results.csv", index=False)
    again = statistics_of(pd.read_csv(f"{tmp_path}/results.csv"))
    assert again.scores[0].mean_ranks == found.scores[0].mean_ranks
    assert again.scores[0].settings[0].letters == found.scores[0].settings[0].letters
    assert again.scores[0].stability == found.scores[0].stability


def test_the_record_is_json_with_every_score(found: SuiteStatistics) -> None:
    record = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert record["scores"][0]["settings"][0]["against"][0]["probabilities"].keys() == {"better", "equivalent", "worse"}
    assert len(record["scores"][0]["test"]["p_pairs"]) == 4


def test_the_tables_show_what_was_found(found: SuiteStatistics) -> None:
    settings, ranked, stable = statistics_tables(found)
    assert len(settings.lines) == 8 * 4
    score = found.scores[0]
    rows = [[text.text for text in line.texts] for line in ranked.lines]
    assert [row[1] for row in rows] == list(score.generators)
    assert rows[0][2] == f"{score.mean_ranks[0]:.2f}"
    assert rows[0][3] == score.test.letters[0] == "a"
    assert f"χ² = {score.test.statistic:.2f}, p < 0.001" in " ".join(ranked.notes)
    shares = [text.text for text in stable.lines[0].texts][3:5]
    assert shares == [f"{100 * score.stability[0].first_stays:.0f} %", "refused"]


def test_a_shortened_budget_has_no_groups_and_says_so() -> None:
    text = statistics_text(statistics_of(make_frame(1, budget="smoke")))
    assert "no groups: the budget shortens the score" in text
    assert "Budget smoke shortens the scores" in text


def test_a_column_without_a_floor_says_that_its_margin_is_zero() -> None:
    frame = make_frame(1)
    notes = statistics_of(frame[frame["generator"] != "oracle"]).notes
    assert any("No noise is known for Context-FID on set0 24" in note for note in notes)


def test_many_who_tie_have_places_too() -> None:
    base = make_frame(1)
    one = base[base["generator"] == "alpha"].assign(metric="duplicates", value=0.0)
    tied = pd.concat([one.assign(generator=f"g{number}", title=f"g{number}") for number in range(25)])
    assert "1–25" in statistics_text(statistics_of(tied))


def test_rows_that_do_not_compare_are_refused() -> None:
    both = pd.concat([make_frame(2), make_frame(2, budget="quick")])
    with pytest.raises(UserError, match="several protocols or budgets, which do not compare"):
        statistics_of(both)
