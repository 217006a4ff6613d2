"""Which generator is better, and how sure that is: the statistics of a results frame, by score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.config.budgets import is_shortened, shortened_scores
from benchmark.errors import UserError
from benchmark.plan.keys import score_info
from benchmark.report.columns import Column, Unit, column_of
from benchmark.report.floor import floor_and_margin
from benchmark.report.variance import ScoreVariance, variances_of
from benchmark.seeds import derive_seed
from benchmark.statistics.bayes import Probabilities, mean_probabilities, sign_probabilities
from benchmark.statistics.intervals import bootstrap_interval
from benchmark.statistics.ranks import RankTest, few_blocks, rank_test, ranks, win_rates
from benchmark.statistics.stability import LEVELS, Stability, rank_stability
from benchmark.statistics.tests import Said

if TYPE_CHECKING:
    import pandas as pd

    from metrics.base import MetricInfo

ON_ONE_MODEL = (
    "Repetitions are of a score on one trained model: intervals, p-values and probabilities from them contain no variance of "
    "training; run with --seeds 3 or more."
)


@dataclass(frozen=True)
class Against:
    """A setting's first beside another generator.

    Attributes:
        generator: The other's title.
        difference: The other's distance from the ideal minus the first's: positive where the first is better.
        low: The lower end of the 95 % t-interval, paired over repetitions and Welch's over training seeds.
        high: The upper end.
        bootstrap: The 95 % interval by the BCa bootstrap; None for too few units.
        p: The p-value of the t-test, paired or Welch's likewise.
        p_holm: The same, corrected for all pairs of generators in the setting.
        probabilities: That the first is better by more than the margin, equivalent, or worse.
        said: "different", "tie" or "undecided" by p_holm, interval and margin.
    """

    generator: str
    difference: float
    low: float
    high: float
    bootstrap: tuple[float, float] | None
    p: float
    p_holm: float
    probabilities: Probabilities
    said: Said


@dataclass(frozen=True)
class SettingStatistics:
    """One score on one data set at one length; every tuple by generator is in the order of `generators`, the best first."""

    dataset: str
    length: int
    unit: Unit
    units: int
    margin: float
    generators: tuple[str, ...]
    losses: tuple[float, ...]
    letters: tuple[str, ...]
    against: tuple[Against, ...]
    stability: tuple[Stability, ...]
    left_out: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class ScoreStatistics:
    """One score over its settings; every tuple by generator is in the order of `generators`, the best mean rank first.

    Attributes:
        score: The score's name.
        title: Its title.
        generators: Titles of those with values in every setting.
        left_out: Titles of the others.
        settings: The statistics of each setting.
        mean_ranks: Over settings; 1 is best.
        test: Friedman's test and Nemenyi's.
        win_rates: (G, G), the share of settings in which the row beats the column, ties within the margin counting half.
        probabilities: Of the first against each other generator over settings, by the Bayesian sign test; empty where refused.
        probabilities_reason: Why they were refused.
        stability: Over repetitions, training seeds and settings, each alone and all together.
    """

    score: str
    title: str
    generators: tuple[str, ...]
    left_out: tuple[str, ...]
    settings: tuple[SettingStatistics, ...]
    mean_ranks: tuple[float, ...]
    test: RankTest
    win_rates: tuple[tuple[float, ...], ...]
    probabilities: tuple[Probabilities, ...]
    probabilities_reason: str
    stability: tuple[Stability, ...]


@dataclass(frozen=True)
class SuiteStatistics:
    """The statistics of a frame.

    Attributes:
        scores: One entry for each score that two or more generators have.
        notes: What limits them.
        variance: Components of variance by generator, setting and score, where there are several models or draws of samples.
    """

    scores: tuple[ScoreStatistics, ...]
    notes: tuple[str, ...]
    variance: tuple[ScoreVariance, ...]

    def as_json(self) -> dict[str, Any]:
        """The statistics with stable keys: those of the dataclasses."""
        return asdict(self)


def statistics_of(frame: pd.DataFrame) -> SuiteStatistics:
    """The statistics of a results frame (columns of `benchmark.report.frame`) over its generators without the controls.

    Scores that depend on the machine are left out. Raises UserError for rows of several protocols or budgets.
    """
    if len(frame[["protocol", "budget"]].drop_duplicates()) > 1:
        raise UserError(
            "the frame holds several protocols or budgets, which do not compare with each other; give the rows of one."
        )
    scores = []
    for name, part in frame.groupby("metric", sort=False):
        info = score_info(str(name))
        if info.depends_on_machine:
            continue
        settings = [one for one in _settings(part, info) if len(one.column.generators) > 1]
        if settings:
            scores.append(_score(info, settings))
    return SuiteStatistics(tuple(scores), tuple(_notes(frame, scores)), tuple(variances_of(frame)))


def suite_statistics(title: str, frame: pd.DataFrame) -> SuiteStatistics:
    """`statistics_of` the results frame of the suite called `title`; raises UserError where there are none."""
    found = statistics_of(frame)
    if not found.scores and not found.variance:
        raise UserError(
            f"suite '{title}' has no two generators beside the controls with the same score, and no several models or draws of "
            "samples; run more of it, with --seeds or --sampling-seeds, or choose others with --only."
        )
    return found


@dataclass(frozen=True)
class _Setting:
    """A setting with its column and margin."""

    dataset: str
    length: int
    column: Column
    margin: float


def _settings(part: pd.DataFrame, info: MetricInfo) -> list[_Setting]:
    found = []
    for dataset, length in dict.fromkeys(zip(part["dataset"], part["length"], strict=True)):
        rows = part[(part["dataset"] == dataset) & (part["length"] == length)]
        column = column_of(rows, info.ideal, log_scale=info.log_scale)
        if column is not None:
            found.append(_Setting(str(dataset), int(length), column, floor_and_margin(rows, info)[1]))
    return found


def _score(info: MetricInfo, settings: Sequence[_Setting]) -> ScoreStatistics:
    columns = [one.column for one in settings]
    everywhere = [title for title in columns[0].generators if all(title in one.generators for one in columns)]
    anywhere = dict.fromkeys(title for one in columns for title in (*one.generators, *one.left_out))
    rows = [[one.generators.index(title) for title in everywhere] for one in columns]
    losses = np.array([one.losses.mean(axis=1)[chosen] for one, chosen in zip(columns, rows, strict=True)]).T
    mean_ranks = ranks(losses).mean(axis=1) if everywhere else np.empty(0)
    order = np.argsort(mean_ranks, kind="stable")
    values = [one.values[np.array(chosen)[order]] for one, chosen in zip(columns, rows, strict=True) if everywhere]
    losses, margins = losses[order], np.array([one.margin for one in settings])
    reason = few_blocks(len(columns))
    return ScoreStatistics(
        score=info.name,
        title=info.title,
        generators=tuple(everywhere[row] for row in order),
        left_out=tuple(title for title in anywhere if title not in everywhere),
        settings=tuple(_setting(info, one) for one in settings),
        mean_ranks=tuple(mean_ranks[order].tolist()),
        test=rank_test(losses),
        win_rates=tuple(map(tuple, win_rates(losses, margins).tolist())),
        probabilities=() if reason or not everywhere else _over_settings(info, losses, margins),
        probabilities_reason=reason,
        stability=tuple(
            rank_stability(values, info.ideal, over, derive_seed("statistics", "stability", info.name, *over))
            for over in (*((level,) for level in LEVELS), LEVELS)
            if len(everywhere) > 1
        ),
    )


def _over_settings(
    info: MetricInfo, losses: NDArray[np.float64], margins: NDArray[np.float64]
) -> tuple[Probabilities, ...]:
    advantages = losses[1:] - losses[0]
    signs = np.where(np.abs(advantages) <= margins, 0, np.sign(advantages)).astype(int)
    return tuple(sign_probabilities(row.tolist(), derive_seed("statistics", "sign", info.name)) for row in signs)


def _setting(info: MetricInfo, given: _Setting) -> SettingStatistics:
    dataset, length, column = given.dataset, given.length, given.column
    groups = column.groups(given.margin)
    against = []
    for one in groups.comparisons:
        if one.pair[0] != 0:
            continue  # only pairs with the first
        first, other = column.losses[0], column.losses[one.pair[1]]
        seed = derive_seed("statistics", "bootstrap", info.name, dataset, length, one.pair[1])
        against.append(
            Against(
                column.generators[one.pair[1]],
                one.mean,
                one.low,
                one.high,
                bootstrap_interval(first, other, seed, paired=column.paired),
                one.p,
                one.p_holm,
                mean_probabilities(first, other, given.margin, paired=column.paired),
                one.said,
            )
        )
    return SettingStatistics(
        dataset=dataset,
        length=length,
        unit=column.unit,
        units=column.losses.shape[1],
        margin=given.margin,
        generators=column.generators,
        losses=tuple(column.losses.mean(axis=1).tolist()),
        letters=groups.letters,
        against=tuple(against),
        stability=tuple(
            rank_stability(
                [column.values], info.ideal, [level], derive_seed("statistics", info.name, dataset, length, level)
            )
            for level in LEVELS[:2]
        ),
        left_out=column.left_out,
        reason=groups.reason,
    )


def _notes(frame: pd.DataFrame, scores: Sequence[ScoreStatistics]) -> list[str]:
    """What limits all of it, and who was left out where."""
    notes = [shortened_scores(str(budget)) for budget in sorted(set(frame["budget"])) if is_shortened(str(budget))]
    if any(one.unit == "repetition" for score in scores for one in score.settings):
        notes.append(ON_ONE_MODEL)
    unknown = dict.fromkeys(
        f"{score.title} on {one.dataset} {one.length}" for score in scores for one in score.settings if not one.margin
    )
    if unknown:
        notes.append(
            f"No noise is known for {', '.join(unknown)}: there the margin is 0; of a score with several repetitions "
            "`oracle` gives one."
        )
    return notes
