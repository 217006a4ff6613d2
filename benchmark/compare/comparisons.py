"""Every score of two stores: the difference, its paired test, and what it allows to say."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import pandas as pd

from benchmark.compare.setups import Changes, Matched, Scores, Setup, changes, match, other_data, other_score
from benchmark.errors import UserError
from benchmark.plan.keys import score_info
from benchmark.plan.score_name import ScoreName
from benchmark.report.floor import floor_and_margin
from benchmark.statistics import difference, holm
from benchmark.statistics.tests import LEVEL, beside_margin
from benchmark.store.records import ScoreRecord
from metrics.base import MetricInfo

Conclusion = Literal["no difference beyond noise", "better in B", "worse in B", "undecided"]
Unit = Literal["training seed", "training seed, not paired", "repetition", "repetition, not paired"]
ROUNDING = 1e-6
"""Relative differences up to this are rounding: the resolution of 32 bits is 1.2e-7."""
OTHER_SEED = "one model a side, of another training seed: the variance of training is not known"


@dataclass(frozen=True)
class Comparison:
    """One score of one generator in one setting.

    Attributes:
        setup: The setup in A.
        info: The metric's facts.
        a: The mean in A over what is compared.
        b: The mean in B.
        difference: b − a; of geometric means for a score whose values are compared by their logarithms, and of the distances
            from the ideal where a and b lie on either side of it.
        low: The lower end of the 95 % interval of the difference; None for one value a side.
        high: The upper end.
        unit: What the values are that the test compares; each is a mean over the draws of samples that both have.
        n: Values a side; the smaller number where they differ.
        p: The p-value; None for one value a side.
        p_holm: The same, corrected for all comparisons of the two stores.
        margin: The difference that a perfect generator's noise makes.
        conclusion: What the difference allows to say.
        reason: Why it says no more.
    """

    setup: Setup
    info: MetricInfo
    a: float
    b: float
    difference: float
    low: float | None
    high: float | None
    unit: Unit
    n: int
    p: float | None
    p_holm: float | None
    margin: float
    conclusion: Conclusion = "undecided"
    reason: str = ""


@dataclass
class Found:
    """All that two stores tell beside each other.

    Attributes:
        comparisons: A comparison a score of a matched setup.
        changed: Matched setups whose generators differ.
        refused: What is in both stores and not comparable: setup, score ("all scores" for the whole setup) and reason.
        only_a: What A alone has: setup, and its scores by training seed in words.
        only_b: The same of B.
    """

    comparisons: list[Comparison] = field(default_factory=list)
    changed: list[tuple[Setup, Changes]] = field(default_factory=list)
    refused: list[tuple[Setup, str, str]] = field(default_factory=list)
    only_a: list[tuple[Setup, str]] = field(default_factory=list)
    only_b: list[tuple[Setup, str]] = field(default_factory=list)


def find(a: Sequence[Setup], b: Sequence[Setup]) -> Found:
    """Compare the setups of two stores."""
    matched, found = match(a, b), Found()
    found.only_a += [(setup, _contents(setup.seeds)) for setup in matched.only_a]
    found.only_b += [(setup, _contents(setup.seeds)) for setup in matched.only_b]
    for mine, theirs in matched.pairs:
        found.only_a += _alone(mine, theirs)
        found.only_b += _alone(theirs, mine)
        changed = changes(mine, theirs)
        if changed:
            found.changed.append((mine, changed))
        reason = other_data(mine, theirs)
        if reason:
            found.refused.append((mine, "all scores", reason))
            continue
        for name in _names(mine, theirs):
            _compare(mine, theirs, name, matched, found)
    found.comparisons = _concluded(found.comparisons)
    return found


def _names(a: Setup, b: Setup) -> list[str]:
    """The scores, whatever the draw of samples, that both have for some training seed."""
    mine, theirs = ({_base(name) for scores in setup.seeds.values() for name in scores} for setup in (a, b))
    return sorted(mine & theirs)


def _base(name: str) -> str:
    return ScoreName.parse(name).base


class _Compared(NamedTuple):
    """The training seeds of a score on either side, and the names of its draws of samples, which all of these seeds have."""

    mine: list[int]
    theirs: list[int]
    draws: list[str]


def _compared(a: Setup, b: Setup, name: str) -> _Compared:
    """What of a score is compared: the training seeds that both have, or all of both where they share none."""
    mine, theirs = (
        {
            seed: draws
            for seed, scores in setup.seeds.items()
            if (draws := {one for one in scores if _base(one) == name})
        }
        for setup in (a, b)
    )
    shared = [seed for seed in mine if seed in theirs]
    seeds = (shared, shared) if shared else ([*mine], [*theirs])
    draws = set.intersection(*(mine[seed] for seed in seeds[0]), *(theirs[seed] for seed in seeds[1]))
    return _Compared(*seeds, sorted(draws))


def _alone(a: Setup, b: Setup) -> list[tuple[Setup, str]]:
    """The scores of `a` that no comparison with `b` uses, if any."""
    compared = [_compared(a, b, name) for name in _names(a, b)]
    used = {(seed, draw) for one in compared for seed in one.mine for draw in one.draws}
    lacking: dict[int, Scores] = {
        seed: {name: record for name, record in scores.items() if (seed, name) not in used}
        for seed, scores in a.seeds.items()
    }
    there = {seed: scores for seed, scores in lacking.items() if scores}
    return [(a, _contents(there))] if there else []


def _contents(seeds: Mapping[int, Scores]) -> str:
    return "; ".join(f"seed {seed}: {', '.join(sorted(scores)) or 'no score'}" for seed, scores in seeds.items())


def _compare(a: Setup, b: Setup, name: str, matched: Matched, found: Found) -> None:
    """Add the comparison of one score, or the reason why there is none."""
    chosen = _compared(a, b, name)
    if not chosen.draws:
        found.refused.append((a, name, "no draw of samples is scored for every training seed of both"))
        return
    mine, theirs = (
        [[setup.seeds[seed][draw] for draw in chosen.draws] for seed in seeds]
        for setup, seeds in ((a, chosen.mine), (b, chosen.theirs))
    )
    paired = chosen.mine == chosen.theirs
    pairs = itertools.product(itertools.chain(*mine), itertools.chain(*theirs))
    reason = next(filter(None, (other_score(left, right) for left, right in pairs)), "")
    try:
        info = score_info(name)
    except UserError as error:
        reason = reason or str(error).rstrip(".")
    if reason:
        found.refused.append((a, name, reason))
        return
    unit: Unit = "training seed" if paired else "training seed, not paired"
    left, right = ([_mean([record.mean for record in records]) for records in side] for side in (mine, theirs))
    if paired and len(mine) == 1:
        left, right = (_repetitions(side[0]) for side in (mine, theirs))
        paired = len(left) == len(right)
        unit = "repetition" if paired else "repetition, not paired"
    told = difference(*_oriented(left, right, info.ideal), paired=paired, log_scale=info.log_scale)
    margin = _margin(a, name, info, mine[0][0].version, matched)
    n = min(len(left), len(right))
    means = _mean(left), _mean(right)
    found.comparisons.append(Comparison(a, info, *means, told.mean, told.low, told.high, unit, n, told.p, None, margin))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _repetitions(draws: Sequence[ScoreRecord]) -> list[float]:
    """The repetitions of a score on one trained model, each its mean over draws of samples."""
    return [_mean(values) for values in zip(*(record.repetitions for record in draws), strict=False)]


def _oriented(left: list[float], right: list[float], ideal: float) -> tuple[list[float], list[float]]:
    """The values of both sides; their distances from the ideal where the two means lie on either side of it."""
    a, b = (_mean(side) - ideal for side in (left, right))
    if a * b >= 0:
        return left, right
    return [(value - ideal) * math.copysign(1, a) for value in left], [
        (value - ideal) * math.copysign(1, b) for value in right
    ]


def _margin(setup: Setup, name: str, info: MetricInfo, version: int, matched: Matched) -> float:
    """The margin of tables, from the floors and the oracles that both stores have on the same data."""
    rows = [
        {
            "generator": other.record.generator,
            "n": min(record.n_real, record.n_fake),
            "floor": record.floor,
            "seed": seed,
            "sampling_seed": ScoreName.parse(draw).sampling_seed,
            "repetition": repetition,
            "value": value,
        }
        for pair in (*matched.pairs, *((one,) for one in (*matched.only_a, *matched.only_b)))
        for other in pair
        if (other.record.setting, other.record.fingerprint) == (setup.record.setting, setup.record.fingerprint)
        for seed, scores in other.seeds.items()
        for draw, record in scores.items()
        if _base(draw) == name and record.version == version
        for repetition, value in enumerate(record.repetitions)
    ]
    frame = pd.DataFrame(rows).astype({"floor": "float64"})
    return floor_and_margin(frame, info)[1]


def _concluded(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons with p-values corrected for their number, and what each allows to say.

    Equal values are no test: where nothing changed they are equal for certain, and would hide what did.
    """
    tested = [index for index, one in enumerate(comparisons) if one.p is not None and not is_equal(one)]
    corrected = dict(zip(tested, holm([comparisons[index].p or 0.0 for index in tested]), strict=True))
    return [conclude(replace(one, p_holm=corrected.get(index))) for index, one in enumerate(comparisons)]


def is_equal(one: Comparison) -> bool:
    """Whether both sides have the same values up to rounding, which differs between processors."""
    bounds = (one.a - one.b,) if one.low is None or one.high is None else (one.low, one.high)
    return max(map(abs, bounds)) <= ROUNDING * max(abs(one.a), abs(one.b))


def conclude(one: Comparison) -> Comparison:
    """The comparison with its conclusion.

    A score moved beyond noise where the corrected p-value is below `LEVEL` and the whole 95 % interval lies beyond the margin,
    as in every table; better is nearer to the ideal.
    """
    if is_equal(one):
        return replace(one, conclusion="no difference beyond noise", reason="equal up to rounding")
    if one.p_holm is None or one.low is None or one.high is None:
        reason = OTHER_SEED if one.unit == "training seed, not paired" else "one value a side has no spread"
        return replace(one, conclusion="undecided", reason=reason)
    excludes = one.low > 0 or one.high < 0
    if one.p_holm >= LEVEL:
        reason = "not beyond chance among so many comparisons" if excludes else "the interval contains 0"
        return replace(one, conclusion="no difference beyond noise", reason=reason)
    if beside_margin(one.low, one.high, one.margin) != "different":
        within = abs(one.difference) <= one.margin
        reason = "within the floor's margin" if within else "the interval reaches the floor's margin"
        return replace(one, conclusion="no difference beyond noise", reason=reason)
    # Below the ideal a larger value is nearer. The tested difference decides: means may differ in the other direction.
    farther = one.difference < 0 if max(one.a, one.b) <= one.info.ideal else one.difference > 0
    return replace(one, conclusion="worse in B" if farther else "better in B", reason="")
