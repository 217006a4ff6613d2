"""The body of `python -m benchmark compare`: the comparisons of two stores as a table and as a record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchmark.compare.comparisons import Comparison, Found, find
from benchmark.compare.setups import Setup, read_setups
from benchmark.config.budgets import is_shortened, shortened_scores
from benchmark.errors import UserError
from benchmark.report.command_result import CommandResult
from benchmark.report.layouts import score_title
from benchmark.report.statistics_text import p_value
from benchmark.report.text_table import Text, TextTable, text_lines
from benchmark.statistics.tests import LEVEL
from benchmark.store.store import Store

HEADER = (
    "data", "generator", "score", "A", "B", "B − A", "95 % interval", "unit (n)", "p", "p (Holm)", "conclusion",
)  # fmt: skip
MOST_REASONS = 3
MOVED = ("better in B", "worse in B")


def compare(a: Store, b: Store) -> CommandResult:
    """What moved from store `a` to store `b`; nothing is computed but statistics.

    Raises:
        UserError: One of them is no store, or nothing in them is comparable.
    """
    (mine, altered_a), (theirs, altered_b) = read_setups(a), read_setups(b)
    found = find(mine, theirs)
    if not found.comparisons:
        raise UserError(_refusal(a, b, found))
    altered = [*(f"A: {text}" for text in altered_a), *(f"B: {text}" for text in altered_b)]
    table = comparison_table(found, (str(a.root), str(b.root)), altered)
    return CommandResult((table,), _record(a, b, found, altered), failed=False)


def _refusal(a: Store, b: Store, found: Found) -> str:
    if not found.refused:
        return (
            f"no score in '{a.root}' has a counterpart in '{b.root}' (equal generator, data set, length, protocol, budget); "
            "compare stores of the same suite, which `python -m benchmark status` shows."
        )
    told = [f"{_refused_name(setup, score)}: {reason}" for setup, score, reason in found.refused]
    more = f"; and {len(told) - MOST_REASONS} more" if len(told) > MOST_REASONS else ""
    return (
        f"nothing in '{a.root}' and '{b.root}' is comparable ({'; '.join(told[:MOST_REASONS])}{more}); run the same suite in "
        "both with the same data and the same version of the metrics."
    )


def _refused_name(setup: Setup, score: str) -> str:
    return setup.name if score == "all scores" else f"{setup.name}, {score}"


def comparison_table(found: Found, names: tuple[str, str], altered: Sequence[str] = ()) -> TextTable:
    """One row a score, conclusions of scores that moved in bold, and in notes all that has no row."""
    several = len({one.setup.record.setting[2:] for one in found.comparisons}) > 1
    rows = [_row(one, several=several) for one in found.comparisons]
    title = f"What moved from A ({names[0]}) to B ({names[1]})"
    return TextTable(title, HEADER, text_lines(rows), notes=tuple(_notes(found, altered)))


def _row(one: Comparison, *, several: bool) -> tuple[str | Text, ...]:
    dataset, length, protocol, budget = one.setup.record.setting
    info, decimals = one.info, one.info.decimals + 1
    low, high = "", ""
    if one.low is not None and one.high is not None:
        low, high = (f"{end:+.{decimals}f}" for end in (one.low, one.high))
    return (
        f"{dataset} {length}" + (f", {protocol}, {budget}" if several else ""),
        one.setup.record.title,
        score_title(info),
        f"{one.a:.{info.decimals}f}",
        f"{one.b:.{info.decimals}f}",
        f"{one.difference:+.{decimals}f}",
        f"[{low}, {high}]" if low else "",
        f"{one.unit} ({one.n})",
        "" if one.p is None else p_value(one.p),
        "" if one.p_holm is None else p_value(one.p_holm),
        Text(one.conclusion + (f": {one.reason}" if one.reason else ""), "bold" if one.conclusion in MOVED else ""),
    )


def _notes(found: Found, altered: Sequence[str]) -> list[str]:
    counts, units = _totals(found), {one.unit for one in found.comparisons}
    tested = sum(one.p_holm is not None for one in found.comparisons)
    notes = [
        f"{counts['better']} better in B, {counts['worse']} worse in B, {counts['same']} no difference beyond noise, "
        f"{counts['undecided']} undecided.",
        "B − A is a difference of means with its 95 % t-interval, paired by the unit. A score moved where the p-value of the "
        f"paired t-test, corrected by Holm's method for the {tested} tests of values that are not equal, is below {LEVEL:g} and "
        "the whole interval lies beyond the floor's margin (a perfect generator's distance from the ideal). Better is nearer to "
        "the ideal.",
    ]
    logs = dict.fromkeys(one.info.title for one in found.comparisons if one.info.log_scale)
    if logs:
        notes.append(
            f"{', '.join(logs)}: values spread in proportion to their size, so that the test is of their logarithms; B − A and "
            "its interval are those of geometric means."
        )
    if "training seed, not paired" in units:
        notes.append(
            "Training seed, not paired: A and B share no training seed, and Welch's test over trained models takes the place of "
            "the paired one."
        )
    if "training seed" in units:
        notes.append(
            "Unit training seed: the mean of each trained model; the interval contains the variance of training."
        )
    if any(unit.startswith("repetition") for unit in units):
        notes.append(
            "Unit repetition: repetitions of a score on one trained model a side; the interval contains no variance of training, "
            "so that a difference may come from the training seed alone; run both with --seeds 3 or more."
        )
    if "repetition, not paired" in units:
        notes.append(
            "Not paired: the numbers of repetitions differ, and Welch's test takes the place of the paired one."
        )
    for budget in sorted({one.setup.record.setting[3] for one in found.comparisons}):
        notes += [shortened_scores(budget)] if is_shortened(budget) else []
    notes += [f"changed: {setup.name}: {changed.text()}" for setup, changed in found.changed]
    notes += [f"not comparable: {_refused_name(setup, score)}: {reason}" for setup, score, reason in found.refused]
    notes += [f"only in A: {setup.name}, {what}" for setup, what in found.only_a]
    notes += [f"only in B: {setup.name}, {what}" for setup, what in found.only_b]
    return notes + [f"not used, altered after it was written: {text}" for text in altered]


def _totals(found: Found) -> dict[str, int]:
    counts = Counter(one.conclusion for one in found.comparisons)
    return {
        "better": counts["better in B"],
        "worse": counts["worse in B"],
        "same": counts["no difference beyond noise"],
        "undecided": counts["undecided"],
    }


def _setup_record(setup: Setup) -> dict[str, Any]:
    """What names a setup in the record."""
    dataset, length, protocol, budget = setup.record.setting
    return {
        "dataset": dataset,
        "length": length,
        "protocol": protocol,
        "budget": budget,
        "generator": setup.record.generator,
        "title": setup.record.title,
    }


def _record(a: Store, b: Store, found: Found, altered: Sequence[str]) -> dict[str, Any]:
    """The result with stable keys."""
    return {
        "a": str(a.root),
        "b": str(b.root),
        "level": LEVEL,
        "comparisons": [
            {
                **_setup_record(one.setup),
                "score": one.info.name,
                "a": one.a,
                "b": one.b,
                "difference": one.difference,
                "low": one.low,
                "high": one.high,
                "unit": one.unit,
                "n": one.n,
                "p": one.p,
                "p_holm": one.p_holm,
                "margin": one.margin,
                "conclusion": one.conclusion,
                "reason": one.reason,
            }
            for one in found.comparisons
        ],
        "totals": _totals(found),
        "changed": [
            {
                **_setup_record(setup),
                "version": list(changed.version) if changed.version else None,
                "source": changed.source,
                "parameters": {name: list(values) for name, values in changed.parameters.items()},
            }
            for setup, changed in found.changed
        ],
        "not_comparable": [
            {**_setup_record(setup), "score": None if score == "all scores" else score, "reason": reason}
            for setup, score, reason in found.refused
        ],
        "only_in_a": [{**_setup_record(setup), "scores": what} for setup, what in found.only_a],
        "only_in_b": [{**_setup_record(setup), "scores": what} for setup, what in found.only_b],
        "altered": list(altered),
    }
