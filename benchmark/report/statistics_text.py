"""The statistics of a suite as tables."""

from __future__ import annotations

from collections.abc import Iterable

from benchmark.plan.keys import score_info
from benchmark.report.columns import TESTS
from benchmark.report.layouts import score_title
from benchmark.report.statistics import ScoreStatistics, SettingStatistics, SuiteStatistics
from benchmark.report.text_table import TextTable, text_lines
from benchmark.statistics.bayes import Probabilities
from benchmark.statistics.stability import Stability

AGAINST = (
    "data", "generator", "groups", "from the ideal", "minus the first's", "95 % (t)", "95 % (bootstrap)", "p", "p (Holm)",
    "P(first better)", "P(equivalent)", "P(first worse)",
)  # fmt: skip
STABILITY = ("score", "settings", "first", "repetitions", "training seeds", "settings drawn again", "all")
RARE = 0.05
"""Places that a generator takes in fewer resamples are not named."""


def statistics_tables(statistics: SuiteStatistics) -> list[TextTable]:
    """By score the settings and the ranks over them, then how stable the first is."""
    tables = [table for score in statistics.scores for table in (_settings(score), _ranks(score))]
    return [*tables, _stability(statistics)] if tables else []


def _settings(score: ScoreStatistics) -> TextTable:
    rows = [row for setting in score.settings for row in _setting(setting, score_info(score.score).decimals)]
    tests = dict.fromkeys(f"{TESTS[one.unit]} over {one.units} {one.unit}s" for one in score.settings if one.against)
    notes = [f"{_setting_text(one)}: no groups: {one.reason}." for one in score.settings if one.reason]
    if tests:
        notes = [
            f"Generators that share a letter cannot be told apart: {', '.join(tests)} with Holm's correction for all pairs of a "
            "setting at 5 %, and the whole 95 % interval beyond the floor's margin.",
            "P: where the difference lies by a Bayesian t-posterior; equivalent is within the margin.",
            *notes,
        ]
    return TextTable(
        f"{score_title(score_info(score.score))} in each setting", AGAINST, text_lines(rows), notes=tuple(notes)
    )


def _setting(setting: SettingStatistics, decimals: int) -> Iterable[tuple[str, ...]]:
    against = {one.generator: one for one in setting.against}
    place = _setting_text(setting)
    for generator, loss, letters in zip(setting.generators, setting.losses, setting.letters, strict=True):
        one = against.get(generator)
        start = (place, generator, letters, f"{loss:.{decimals}f}")
        place = ""
        if one is None:
            yield (*start, *("",) * (len(AGAINST) - len(start)))
            continue
        yield (
            *start,
            f"{one.difference:+.{decimals + 1}f}",
            _interval((one.low, one.high), decimals + 1),
            _interval(one.bootstrap, decimals + 1) if one.bootstrap else "",
            p_value(one.p),
            p_value(one.p_holm),
            *_probabilities(one.probabilities),
        )


def _ranks(score: ScoreStatistics) -> TextTable:
    count, settings = len(score.generators), len(score.settings)
    header = (
        "", "generator", "mean rank", "groups", "places", *(f"wins over {i}" for i in range(1, count + 1)),
        "P(first better)", "P(equivalent)", "P(first worse)",
    )  # fmt: skip
    letters = score.test.letters or ("",) * count
    probabilities = (
        [("",) * 3, *map(_probabilities, score.probabilities)] if score.probabilities else [("",) * 3] * count
    )
    rows = [
        (
            str(i + 1),
            generator,
            f"{score.mean_ranks[i]:.2f}",
            letters[i],
            _places(score.stability[-1], i) if score.stability else "",
            *("" if i == j else f"{rate:.2f}" for j, rate in enumerate(score.win_rates[i])),
            *probabilities[i],
        )
        for i, generator in enumerate(score.generators)
    ]
    title = f"{score_title(score_info(score.score))}: ranks over {settings} setting{'s' if settings > 1 else ''}"
    return TextTable(title, header, text_lines(rows), notes=tuple(_rank_notes(score)))


def _rank_notes(score: ScoreStatistics) -> Iterable[str]:
    test = score.test
    if test.statistic is None or test.p is None:
        yield f"No Friedman test: {test.reason}."
    else:
        limits = f" ({test.reason})" if test.reason else ""
        yield f"Friedman's test of equal ranks: χ² = {test.statistic:.2f}, p {p_equals(test.p)}{limits}."
    if test.p_pairs is not None:
        yield (
            f"Generators that share a letter cannot be told apart by Nemenyi's test at 5 %: their mean ranks differ by less than "
            f"the critical difference {test.critical_difference:.2f}."
        )
    yield "A win is a smaller distance from the ideal, and half a win where the two differ by no more than the floor's margin."
    if score.probabilities_reason:
        yield f"No Bayesian sign test over settings: {score.probabilities_reason}."
    else:
        yield "P: which outcome is the most frequent in further settings, by the Bayesian sign test."
    if score.stability and score.stability[-1].drawn:
        yield f"Places: taken in {RARE:.0%} or more of the resamples of {', '.join(score.stability[-1].drawn)}.".replace(
            "%", " %"
        )
    if score.left_out:
        yield f"Not ranked, without a value in every setting: {', '.join(score.left_out)}."


def _stability(statistics: SuiteStatistics) -> TextTable:
    rows: list[tuple[str, ...]] = []
    reasons: dict[str, None] = {}
    for score in statistics.scores:
        if score.stability:
            rows.append((score.title, "all", score.generators[0], *map(_share, score.stability)))
        if len(score.settings) > 1:
            rows += [
                (score.title, _setting_text(one), one.generators[0], *map(_share, one.stability), "", "")
                for one in score.settings
            ]
        reasons |= {one.reason: None for one in score.stability[:-1] if one.reason}
    notes = (
        "How often who is first by mean rank is first again where units are drawn again with replacement: repetitions and "
        "settings jointly for all generators, training seeds for each by itself; two who tie for it have half of it each.",
        *(f"{reason[0].upper()}{reason[1:]}." for reason in reasons),
        *statistics.notes,
    )
    return TextTable("Rank stability: how often the first stays first", STABILITY, text_lines(rows), notes=notes)


def _share(one: Stability) -> str:
    return "refused" if one.first_stays is None else f"{100 * one.first_stays:.0f} %"


def _places(one: Stability, row: int) -> str:
    if one.places is None:
        return ""
    shares = one.places[row]
    # Many who tie for a place have little of it each: then the most frequent places count.
    least = min(RARE, max(shares) - 1e-12)
    taken = [place for place, share in enumerate(shares, 1) if share >= least]
    return f"{min(taken)}–{max(taken)}" if len(taken) > 1 else str(taken[0])


def _probabilities(one: Probabilities) -> tuple[str, ...]:
    return tuple(f"{value:.3f}" for value in (one.better, one.equivalent, one.worse))


def _interval(limits: tuple[float, float], decimals: int) -> str:
    return f"[{limits[0]:+.{decimals}f}, {limits[1]:+.{decimals}f}]"


def _setting_text(setting: SettingStatistics) -> str:
    return f"{setting.dataset} {setting.length}"


def p_value(value: float) -> str:
    """A p-value to three digits."""
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"


def p_equals(value: float) -> str:
    """A p-value as it stands in a sentence."""
    return p_value(value) if value < 0.001 else f"= {value:.3f}"
