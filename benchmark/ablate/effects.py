"""The effect of each part: the difference without it, a 95 % interval over training seeds and a conclusion in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from benchmark.ablate.cells import SCORES, Ablation
from benchmark.plan.cell import Cell
from benchmark.plan.describe import cell_parts
from benchmark.report.frame import results_frame
from benchmark.report.published import published_scores
from benchmark.report.table import make_table
from benchmark.statistics import Difference, difference, summarise
from benchmark.statistics.tests import beside_margin
from benchmark.store.store import Store
from metrics import registry

RECONSTRUCTION = "mse"
"""The measurement of a fitted generator that holds its mean squared error of reconstruction, in the windows' units squared."""
PARAMETERS = "parameters"


@dataclass(frozen=True)
class Effect:
    """One quantity on one data set, whole and without a part.

    Attributes:
        dataset: The data set's title.
        drop: The part left out.
        quantity: A score's name, `RECONSTRUCTION` or `PARAMETERS`.
        title: The quantity's title.
        whole: Its mean over training seeds with the part.
        without: Its mean over training seeds without the part.
        difference: Without minus whole by Welch's test over training seeds; of logarithms where the score's spread grows with it.
        margin: The difference that a score's noise makes; None where it has no floor.
        published: The paper's values, whole and without.
        conclusion: What the difference allows to say, or why a value is missing.
    """

    dataset: str
    drop: str
    quantity: str
    title: str
    whole: float | None
    without: float | None
    difference: Difference | None
    margin: float | None
    published: tuple[float, float] | None
    conclusion: str


def effects(ablation: Ablation, store: Store) -> list[Effect]:
    """Every quantity of every part on every data set: scores, reconstruction error, trainable parameters."""
    margins = _margins(ablation, store)
    found = []
    for drop, cells in ablation.without.items():
        for dataset in dict.fromkeys(cell.dataset.id for cell in cells):
            pairs = [
                (whole, part)
                for whole, part in zip(ablation.base, cells, strict=True)
                if whole.dataset.id == dataset and part.dataset.id == dataset
            ]
            for score in SCORES:
                margin = margins.get((score, dataset))
                found.append(_effect(pairs, drop, score, store, partial(_score, score=score, store=store), margin))
            found.append(_effect(pairs, drop, RECONSTRUCTION, store, partial(_reconstruction, store=store), None))
            found.append(_size(pairs[0], drop))
    return [effect for effect in found if effect is not None]


def conclude(difference: Difference, margin: float | None) -> str:
    """What a difference allows to say of a quantity whose ideal is 0.

    Args:
        difference: Without minus whole; no interval with one training seed.
        margin: The difference that noise makes; None where it is not known.
    """
    mean, low, high, _ = difference
    small = margin is not None and abs(mean) <= margin
    if low is None or high is None:
        return "nothing: one training seed" + (", and below the floor" if small else "")
    if beside_margin(low, high, margin or 0.0) == "different":
        return "worse without it" if mean > 0 else "better without it"
    if low <= 0 <= high:
        return "not distinguishable: the interval contains 0"
    return "not distinguishable: " + ("below the floor" if small else "the interval reaches the floor")


def _effect(
    pairs: Sequence[tuple[Cell, Cell]],
    drop: str,
    quantity: str,
    store: Store,
    read: Callable[[Cell], float | None],
    margin: float | None,
) -> Effect | None:
    """The effect on a quantity that `read` gives by cell; None where the generator does not record it at all."""
    first = pairs[0][0]
    is_score = quantity in SCORES
    title, log_scale = "Reconstruction error (mean squared)", False
    if is_score:
        info = registry.load(quantity).info
        title, log_scale = info.title, info.log_scale
    values = [(read(whole), read(part)) for whole, part in pairs]
    known = [(a, b) for a, b in values if a is not None and b is not None]
    setting = (first.dataset.title or first.dataset.id, drop, quantity, title)
    published = _published(first, drop, quantity)
    if len(known) < len(pairs):
        reason = _reason(pairs, store)
        return Effect(*setting, None, None, None, margin, published, reason) if is_score or reason else None
    sides = [list(side) for side in zip(*known, strict=True)]
    whole, without = (summarise(side).mean for side in sides)
    # A seed's number names a stream of each generator's own, so that pairing by it would remove no noise.
    told = difference(*sides, paired=False, log_scale=log_scale)
    return Effect(*setting, whole, without, told, margin, published, conclude(told, margin))


def _size(pair: tuple[Cell, Cell], drop: str) -> Effect:
    whole, without = (sum(cell_parts(cell).values()) for cell in pair)
    share = f"{100 * (without - whole) / whole:+.1f} %" if whole else ""
    name = pair[0].dataset.title or pair[0].dataset.id
    return Effect(
        name,
        drop,
        PARAMETERS,
        "Parameters",
        whole,
        without,
        Difference(without - whole, None, None, None),
        None,
        None,
        share,
    )


def _score(cell: Cell, score: str, store: Store) -> float | None:
    record = store.state(cell, (score,)).scores.get(score)
    return None if record is None else record.mean


def _reconstruction(cell: Cell, store: Store) -> float | None:
    folder = store.cell(cell)
    if not folder.is_finished("fit", cell.key):
        return None
    return folder.measurements().get(RECONSTRUCTION)


def _reason(pairs: Sequence[tuple[Cell, Cell]], store: Store) -> str:
    """How the first unfinished cell of a comparison ended; empty where all are finished."""
    for cell in (cell for pair in pairs for cell in pair):
        state = store.state(cell, SCORES)
        if state.missing:
            return f"{state.status.state}: {cell.title} seed {cell.seed}: {state.status.reason or 'not run'}"
    return ""


def _margins(ablation: Ablation, store: Store) -> Mapping[tuple[str, str], float]:
    """By score and data set the difference that noise makes, as every table of the program takes it."""
    frame = results_frame(ablation.plan.cells, SCORES, store)
    table = make_table(frame, title="", dataset_titles={})
    return {
        (block.info.name, dataset): margin
        for block in table.blocks
        for (dataset, _), margin in zip(table.columns, block.margins, strict=True)
        if margin > 0
    }


def _published(cell: Cell, drop: str, score: str) -> tuple[float, float] | None:
    """Table 3's values of a score, whole and without the part."""
    setting = (score, cell.dataset.id, cell.length)
    whole, without = (
        published_scores().get((*setting, method)) for method in (cell.generator, f"{cell.generator}/drop={drop}")
    )
    return (whole.value, without.value) if whole and without else None
