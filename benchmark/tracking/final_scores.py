"""What the page of a suite run opens on: the final scores of all its cells, and tables as its description."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from benchmark.plan.score_name import ScoreName
from benchmark.store.records import ScoreRecord

LONGEST_DESCRIPTION = 7000
"""Characters of a description; a tag of an MLflow server holds 8,000."""


@dataclass(frozen=True)
class RowScores:
    """The scores of one training seed of a table's row, by name; `is_final` once no further ones are under way."""

    row: str
    scores: Mapping[str, ScoreRecord]
    is_final: bool


def final_scores(rows: Iterable[RowScores]) -> dict[str, float]:
    """By `score/row` its mean over training seeds and draws of samples; without those of which a seed is under way."""
    values: defaultdict[str, list[float]] = defaultdict(list)
    seeds: defaultdict[str, list[RowScores]] = defaultdict(list)
    for one in rows:
        seeds[one.row].append(one)
    for row, many in seeds.items():
        for name in sorted({name for one in many for name in one.scores}):
            if all(one.is_final or name in one.scores for one in many):
                values[f"{ScoreName.parse(name).base}/{row}"] += [
                    one.scores[name].mean for one in many if name in one.scores
                ]
    return {key: fmean(found) for key, found in values.items()}


def score_table(scores: Mapping[str, ScoreRecord]) -> str:
    """The scores of one cell as a Markdown table; "" where there are none."""
    if not scores:
        return ""
    head = ["| score | mean | ± | floor | repetitions |", "|---|---|---|---|---|"]
    lines = [
        f"| {name} | {record.mean:.4g} | {_number(record.half_width)} | {_number(record.floor)} | {len(record.repetitions)} |"
        for name, record in sorted(scores.items())
    ]
    return "\n".join([*head, *lines]) + "\n"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def description(texts: Sequence[str]) -> str:
    """Markdown texts below each other, cut between two lines where they are longer than a tag may be."""
    whole = "\n\n".join(text.strip() for text in texts if text.strip())
    if len(whole) <= LONGEST_DESCRIPTION:
        return whole
    return whole[: whole.rindex("\n", 0, LONGEST_DESCRIPTION)] + "\n\n… The whole text is among the artefacts."
