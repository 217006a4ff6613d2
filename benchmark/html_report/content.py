"""The content of a page, before it is HTML: made of a plan and its store, or of a results frame alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.html_report.boards import (
    Beside,
    Board,
    Noise,
    boards,
    controls,
    noises,
    published_beside,
    setting_titles,
    verdict_counts,
)
from benchmark.html_report.cells import Card, Known, cards
from benchmark.html_report.charts import Figure, cost_figures, memorisation_figures
from benchmark.html_report.pictures import Picture, pictures
from benchmark.plan.planner import Plan
from benchmark.report.efficiency import with_efficiency
from benchmark.report.fit_notes import likelihood_table
from benchmark.report.frame import results_frame
from benchmark.report.kept_frame import dataset_titles
from benchmark.report.statistics import statistics_of
from benchmark.report.statistics_text import statistics_tables
from benchmark.report.store_status import suite_status
from benchmark.report.suite import plan_notes, suite_folder
from benchmark.report.table import make_table
from benchmark.report.text_table import TextTable
from benchmark.report.variance import variance_table
from benchmark.store.records import State
from benchmark.store.store import Store

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Part:
    """The results of one protocol and budget, which alone compare with each other.

    Attributes:
        id: Its name in the page's links.
        title: Protocol and budget in words.
        caption: What was measured, and what ± and marks mean.
        counts: How many cells stand how.
        settings: Each data set and length in words.
        controls: The titles of the controls, the columns of `noises`.
    """

    id: str
    title: str
    caption: str
    counts: tuple[tuple[str, int], ...]
    settings: tuple[str, ...]
    boards: tuple[Board, ...]
    statistics: tuple[TextTable, ...]
    published: tuple[Beside, ...]
    verdicts: tuple[tuple[str, int], ...]
    controls: tuple[str, ...]
    noises: tuple[Noise, ...]
    costs: tuple[Figure, ...]
    memorisation: tuple[Figure, ...]
    likelihoods: TextTable | None
    variance: TextTable | None
    cards: tuple[Card, ...]

    @property
    def failures(self) -> tuple[Card, ...]:
        """The cells that are not done."""
        return tuple(card for card in self.cards if card.state != State.DONE)

    @property
    def warned(self) -> tuple[Card, ...]:
        """The cells whose generator reported something wrong in its own training."""
        return tuple(card for card in self.cards if card.warning)


@dataclass(frozen=True)
class Content:
    """Everything that a page shows; `pictures` are the figures of the whole suite."""

    title: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()


def of_plan(plan: Plan, store: Store, *, with_pictures: bool = True) -> Content:
    """What a store holds of a plan's cells; the figures in it, where they were drawn, are part of it."""
    frame = results_frame(plan.cells, plan.score_names, store)
    folder = suite_folder(plan, store)
    figures = folder / "plots"
    known = {}
    for cell, status in zip(plan.cells, suite_status(plan, store), strict=True):
        drawn = pictures([figures / cell.slug, store.root / "plots" / cell.slug]) if with_pictures else ()
        known[cell.slug] = Known(cell, status, store.cell(cell).provenance(), drawn)
    titles = {cell.dataset.id: cell.dataset.title or cell.dataset.id for cell in plan.cells}
    shown = (*pictures([figures]), *pictures([folder])) if with_pictures else ()
    return Content(plan.title, _parts(frame, titles, known), tuple(plan_notes(plan)), shown)


def of_frame(frame: pd.DataFrame, title: str) -> Content:
    """The content of a results frame without its store."""
    return Content(title, _parts(frame, dataset_titles(frame), {}))


def _parts(frame: pd.DataFrame, titles: dict[str, str], known: Mapping[str, Known]) -> tuple[Part, ...]:
    groups = frame.groupby(["protocol", "budget"], sort=False)
    return tuple(
        _part(f"part-{index}", f"Protocol {protocol}, budget {budget}", part, titles, known)
        for index, ((protocol, budget), part) in enumerate(groups, 1)
    )


def _part(name: str, title: str, frame: pd.DataFrame, titles: dict[str, str], known: Mapping[str, Known]) -> Part:
    table = make_table(frame, title=title, dataset_titles=titles)
    costs = with_efficiency(table, frame).blocks[len(table.blocks) :]
    settings = setting_titles(table, titles)
    named = dict(zip(table.columns, settings, strict=True))
    shown = cards(frame, known, named, name)
    beside = published_beside(table, settings)
    found = statistics_of(frame)
    return Part(
        id=name,
        title=title,
        caption=f"{table.caption} {table.beside}".strip(),
        counts=_counts(shown),
        settings=settings,
        boards=boards(table, settings, costs, _cells_behind(frame, shown)),
        statistics=tuple(statistics_tables(found)),
        published=beside,
        verdicts=verdict_counts(beside),
        controls=controls(table),
        noises=noises(table, settings),
        costs=cost_figures(table, settings, costs),
        memorisation=memorisation_figures(table, settings),
        likelihoods=likelihood_table(frame, titles),
        variance=variance_table(found.variance, named),
        cards=shown,
    )


def _counts(shown: Iterable[Card]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for card in shown:
        counts[card.state] = counts.get(card.state, 0) + 1
    return tuple(counts.items())


def _cells_behind(frame: pd.DataFrame, shown: Iterable[Card]) -> dict[tuple[str, tuple[str, int]], tuple[str, ...]]:
    """The links of the cells behind each row of a leaderboard, by the row's title and setting."""
    names = {card.slug: card.id for card in shown}
    found: dict[tuple[str, tuple[str, int]], tuple[str, ...]] = {}
    for (title, dataset, length), part in frame.groupby(["title", "dataset", "length"], sort=False):
        slugs = part["cell"].drop_duplicates()
        found[str(title), (str(dataset), int(str(length)))] = tuple(names[str(slug)] for slug in slugs)
    return found
