"""A table's caption: windows, budget, what every ± and letter is over, what marks and parentheses mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, get_args

from benchmark.config.budgets import is_shortened
from benchmark.plan.keys import score_info
from benchmark.report.columns import TESTS, Unit
from benchmark.report.published import REAL_DATA, is_altered
from benchmark.report.spread import LEVELS

if TYPE_CHECKING:
    import pandas as pd

    from benchmark.report.table import Block, Setting

BESIDE = (
    "In parentheses the published value and a verdict on the difference from it: a tie where its whole 95 % interval lies within "
    "the noise, better or worse where the whole interval lies beyond it, undecided otherwise."
)
"""The caption's sentence on what stands beside a measured value."""
NO_NOISE = "Columns without a floor have no measured noise: there only the interval decides."
"""The caption's sentence where a verdict had no noise to go by."""
OF_COPY = "The published value of Copy is the paper's of real data scored against itself."
"""The caption's sentence where one stands beside the control."""


def caption_of(frame: pd.DataFrame, titles: Mapping[Setting, str], blocks: tuple[Block, ...]) -> str:
    """The caption of a table of a results frame, given the titles of its columns; `beside_of` is its end."""
    return " ".join(
        [
            *_windows(frame, titles),
            *_spreads(blocks),
            *_measured(frame, blocks),
            *_marks(blocks),
            *_grouped(frame, blocks),
            *_altered(frame),
        ]
    )


def beside_of(frame: pd.DataFrame, blocks: tuple[Block, ...]) -> str:
    """The caption's end: what stands in parentheses, empty where nothing does."""
    judged = [
        (row.generator, entry, floor)
        for block in blocks
        if not block.info.depends_on_machine
        for row in block.rows
        for entry, floor in zip(row.entries, block.floors, strict=True)
        if entry.published is not None
    ]
    if not judged:
        return ""
    if any(map(is_shortened, frame["budget"].unique())):
        sentences = ["In parentheses the published value; a shortened metric gives no verdict."]
    else:
        unknown = any(entry.verdict is not None and floor is None for _, entry, floor in judged)
        sentences = [BESIDE, NO_NOISE] if unknown else [BESIDE]
    is_real = any(generator in REAL_DATA.values() for generator, *_ in judged)
    return " ".join([*sentences, *([OF_COPY] if is_real else [])])


def _windows(frame: pd.DataFrame, titles: Mapping[Setting, str]) -> Iterable[str]:
    """How many windows are scored, by which budget and protocol."""
    counts = []
    timed = {name for name in frame["metric"].unique() if score_info(str(name)).depends_on_machine}
    scored = frame[~frame["metric"].isin(timed)].dropna(subset=["n"])
    for (name, length), title in titles.items():
        here = scored[(scored["dataset"] == name) & (scored["length"] == length)]
        if not here.empty:
            n, oracle = here["n"].max(), here.loc[here["generator"] == "oracle", "n"].min()
            counts.append(f"{title} {int(n):,}" + (f" (oracle {int(oracle):,})" if oracle < n else ""))
    budgets = ", ".join(sorted(frame["budget"].unique()))
    protocol = ", ".join(sorted(frame["protocol"].unique()))
    yield f"Windows scored: {'; '.join(counts) or 'none'}."
    yield f"Budget {budgets}, protocol {protocol}."


def _spreads(blocks: tuple[Block, ...]) -> Iterable[str]:
    """What a ± is over; entries may differ in it and in their numbers."""
    entries = [entry for block in blocks for row in block.rows for entry in row.entries if entry.half_width is not None]
    sizes = {level: {entry.size for entry in entries if entry.level == level} for level in LEVELS}
    spreads = [
        text.format(" to ".join(map(str, sorted({min(sizes[level]), max(sizes[level])}))))
        for level, text in LEVELS.items()
        if sizes[level]
    ]
    if spreads:
        yield f"± is the half-width of a 95 % t-interval over {' where a value has several, otherwise over '.join(spreads)}."


def _measured(frame: pd.DataFrame, blocks: tuple[Block, ...]) -> Iterable[str]:
    """What scores say of how they are measured, and on which device where that matters."""
    device = ", ".join(sorted(frame["device"].dropna().unique())) or "unknown"
    for info in (block.info for block in blocks):
        if info.caption:
            yield info.caption
        if info.depends_on_machine:
            yield f"{info.title} on device {device}."


def _marks(blocks: tuple[Block, ...]) -> Iterable[str]:
    """What bold and underlining mean, where anything is marked."""
    marked = [block.info for block in blocks if any(entry.mark for row in block.rows for entry in row.entries)]
    if marked:
        yield "Best bold, second underlined, controls apart; values within the noise of the best tie with it."
    for info in marked:
        if info.higher_is_better is None:
            yield f"{info.title}: bold is nearest to {info.ideal:g}, a perfect generator's value."


def _grouped(frame: pd.DataFrame, blocks: tuple[Block, ...]) -> Iterable[str]:
    """What letters mean, and which scores have none."""
    if any(map(is_shortened, frame["budget"].unique())):
        return
    units = {unit for block in blocks for unit in block.units if unit}
    if units:
        seeds, repetitions = (f"{TESTS[unit]} over {unit}s" for unit in get_args(Unit))
        repetitions += " of one trained model, which contain no variance of training"
        both = f"{seeds} where all generators of a column have several, otherwise {repetitions}"
        tests = both if len(units) > 1 else seeds if "training seed" in units else repetitions
        yield (
            f"Generators that share a letter in a column cannot be told apart: {tests}; by Holm's correction at 5 %, and the "
            "whole interval of the difference beyond the noise."
        )
    single = [block.info.title for block in blocks if _has_single_values(block)]
    if single:
        yield f"No letters for {', '.join(single)}: one value a generator has no spread."


def _has_single_values(block: Block) -> bool:
    """Whether two or more generators stand in a column with one value each."""
    entries = [row.entries for row in block.rows if row.size_class != "control"]
    return not block.info.depends_on_machine and any(
        sum(entry.mean is not None and entry.half_width is None for entry in column) > 1
        for column in zip(*entries, strict=True)
    )


def _altered(frame: pd.DataFrame) -> Iterable[str]:
    titles = frame.loc[is_altered(frame), "title"].drop_duplicates()
    if not titles.empty:
        yield f"Altered by --set or by the suite: {'; '.join(titles)}; no published value stands beside them."
