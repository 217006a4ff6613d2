"""A table before it is laid out: blocks of scores, rows of generators, columns of data sets, and what is best."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from benchmark.config.budgets import is_shortened
from benchmark.plan.keys import score_info
from benchmark.report.columns import Unit, column_of
from benchmark.report.floor import Verdict, floor_and_margin, verdict
from benchmark.report.published import Published, is_altered, is_comparable, published_scores
from benchmark.report.spread import LEVELS, spread_of

if TYPE_CHECKING:
    import pandas as pd

    from metrics.base import MetricInfo

Mark = Literal["", "best", "second"]
BESIDE = (
    "In parentheses the published value and a verdict on the difference from it: a tie where its whole 95 % interval lies within "
    "the noise, better or worse where the whole interval lies beyond it, undecided otherwise."
)
"""The caption's sentence on what stands beside a measured value."""
NO_NOISE = "Columns without a floor have no measured noise: there only the interval decides."
"""The caption's sentence where a verdict had no noise to go by."""
Setting = tuple[str, int]
"""A column: data set and length."""


NOT_RUN = "not run"
"""The status of an entry that no cell behind a table has."""


@dataclass(frozen=True)
class Entry:
    """One generator on one data set by one score; `mean` is None where there is no value, and `status` says why.

    The half-width is over so many (`size`) training seeds, draws or repetitions (`level`). `groups` are the letters of its
    significance groups in its column: entries that share a letter do not differ.
    """

    mean: float | None = None
    half_width: float | None = None
    n: int | None = None
    level: str = ""
    size: int = 1
    status: str = ""
    reason: str = ""
    published: Published | None = None
    verdict: Verdict | None = None
    mark: Mark = ""
    groups: str = ""


@dataclass(frozen=True)
class Row:
    """One generator's entries, one a column; altered parameters make another row, under another title."""

    generator: str
    title: str
    size_class: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Block:
    """One score: its info, its rows, and by column what a perfect generator scores and how much difference is a tie.

    `units` are what the letters of each column are over; None for a column without letters.
    """

    info: MetricInfo
    floors: tuple[float | None, ...]
    margins: tuple[float, ...]
    rows: tuple[Row, ...]
    units: tuple[Unit | None, ...] = ()


@dataclass(frozen=True)
class Table:
    """Everything a layout needs; `beside` is the caption's end, on what stands in parentheses."""

    title: str
    columns: tuple[Setting, ...]
    column_titles: tuple[str, ...]
    blocks: tuple[Block, ...]
    caption: str
    beside: str = ""
    notes: tuple[str, ...] = field(default=())


def make_table(frame: pd.DataFrame, *, title: str, dataset_titles: dict[str, str], notes: Iterable[str] = ()) -> Table:
    """The table of a results frame: measured beside published, best and second marked among equals of no control."""
    settings = list(dict.fromkeys(zip(frame["dataset"], frame["length"], strict=True)))
    several = len({length for _, length in settings}) > 1
    titles = [dataset_titles.get(name, name) + (f"-{length}" if several else "") for name, length in settings]
    blocks = tuple(_block(part, settings, str(name)) for name, part in frame.groupby("metric", sort=False))
    caption = " ".join(
        [
            *_caption(frame, settings, titles),
            *_spreads(blocks),
            *_measured(frame, blocks),
            *_marks(blocks),
            *_grouped(frame, blocks),
            *_altered(frame),
        ]
    )
    return Table(title, tuple(settings), tuple(titles), blocks, caption, _beside(frame, blocks), tuple(notes))


def _block(frame: pd.DataFrame, settings: list[Setting], name: str) -> Block:
    info = score_info(name)
    rows = [
        _row(part, settings, name, str(generator), str(title))
        for (generator, title), part in frame.groupby(["generator", "title"], sort=False)
    ]
    noise = [floor_and_margin(frame[(frame["dataset"] == d) & (frame["length"] == t)], info) for d, t in settings]
    floors, margins = tuple(floor for floor, _ in noise), tuple(margin for _, margin in noise)
    shortened = {name for name in set(frame["budget"]) if is_shortened(str(name))}
    if not shortened:
        rows = [
            replace(row, entries=tuple(_judged(e, m, info) for e, m in zip(row.entries, margins, strict=True)))
            for row in rows
        ]
    letters = [
        _letters(frame[(frame["dataset"] == d) & (frame["length"] == t)], margin, info)
        for (d, t), margin in zip(settings, margins, strict=True)
    ]
    rows = [
        replace(
            row,
            entries=tuple(
                replace(e, groups=of.get(row.title, "")) for e, (of, _) in zip(row.entries, letters, strict=True)
            ),
        )
        for row in _marked(rows, margins, info)
    ]
    return Block(info, floors, margins, tuple(rows), tuple(unit for _, unit in letters))


def _letters(part: pd.DataFrame, margin: float, info: MetricInfo) -> tuple[dict[str, str], Unit | None]:
    """The significance groups of one column by title, and what they are over; empty and None where there are none."""
    column = None if info.depends_on_machine else column_of(part, info.ideal, log_scale=info.log_scale)
    letters = {} if column is None else dict(zip(column.generators, column.groups(margin).letters, strict=True))
    return letters, column.unit if column is not None and any(letters.values()) else None


def _row(part: pd.DataFrame, settings: list[Setting], metric: str, generator: str, title: str) -> Row:
    known = published_scores() if is_comparable(part) else {}
    entries = tuple(
        _entry(part[(part["dataset"] == d) & (part["length"] == t)], known.get((metric, d, t, generator)))
        for d, t in settings
    )
    return Row(generator, title, str(part["size_class"].iloc[0]), entries)


def _entry(part: pd.DataFrame, published: Published | None) -> Entry:
    if part.empty:
        return Entry(status=NOT_RUN, published=published)
    values, models = part.dropna(subset=["value"]), ["seed", "sampling_seed"]
    if values.empty or len(values[models].drop_duplicates()) < len(part[models].drop_duplicates()):
        failed = part[part["value"].isna()].iloc[0]
        return Entry(status=str(failed["status"]), reason=str(failed["reason"]), published=published)
    spread = spread_of(values)
    n = int(values["n"].min())
    return Entry(spread.mean, spread.half_width, n, spread.level, spread.size, "done", published=published)


def _judged(entry: Entry, margin: float, info: MetricInfo) -> Entry:
    """The entry with its verdict, where there is a published value; one value without a spread decides nothing."""
    if entry.mean is None or entry.published is None or info.depends_on_machine:
        return entry  # seconds on another machine are no verdict
    if entry.half_width is None:
        return replace(entry, verdict="undecided")
    return replace(entry, verdict=verdict(entry.mean, entry.half_width, entry.published, margin, info.ideal))


def _marked(rows: list[Row], margins: tuple[float, ...], info: MetricInfo) -> list[Row]:
    """The rows with best and second marked in each column of two or more; what is within the margin of the best ties with it."""
    marks: list[list[Mark]] = [[""] * len(margins) for _ in rows]
    for column, margin in enumerate(margins):
        ranked = {
            index: abs(mean - info.ideal)
            for index, row in enumerate(rows)
            if row.size_class != "control" and (mean := row.entries[column].mean) is not None
        }
        if len(ranked) < 2:
            continue  # one row is no ranking
        for mark in ("best", "second"):
            if not ranked:
                break
            best = min(ranked.values())
            for index in [i for i, value in ranked.items() if value <= best + margin]:
                marks[index][column] = mark
                del ranked[index]
    return [
        replace(row, entries=tuple(replace(e, mark=m) for e, m in zip(row.entries, marks[index], strict=True)))
        for index, row in enumerate(rows)
    ]


def _caption(frame: pd.DataFrame, settings: list[Setting], titles: list[str]) -> Iterable[str]:
    counts = []
    timed = {name for name in frame["metric"].unique() if score_info(str(name)).depends_on_machine}
    scored = frame[~frame["metric"].isin(timed)].dropna(subset=["n"])
    for (name, length), title in zip(settings, titles, strict=True):
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
        repetitions = "repetitions on one trained model, so that training variance is not in it"
        over = {
            ("training seed",): "training seeds",
            ("repetition",): repetitions,
            (
                "repetition",
                "training seed",
            ): f"training seeds where all generators of a column have several, otherwise over {repetitions}",
        }[tuple(sorted(units))]
        yield (
            "Generators that share a letter in a column cannot be told apart: paired t-tests with Holm's correction at 5 % and "
            f"the whole interval of the difference beyond the noise, over {over}."
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


def _beside(frame: pd.DataFrame, blocks: tuple[Block, ...]) -> str:
    """The caption's end: what stands in parentheses, empty where nothing does."""
    judged = [
        (entry, floor)
        for block in blocks
        if not block.info.depends_on_machine
        for row in block.rows
        for entry, floor in zip(row.entries, block.floors, strict=True)
        if entry.published is not None
    ]
    if not judged:
        return ""
    if any(map(is_shortened, frame["budget"].unique())):
        return "In parentheses the published value; a shortened metric gives no verdict."
    unknown = any(entry.verdict is not None and floor is None for entry, floor in judged)
    return f"{BESIDE} {NO_NOISE}" if unknown else BESIDE
