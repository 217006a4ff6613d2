"""The body of `python -m benchmark plots`: which figures can be drawn from a store, and which cannot and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial, reduce
from operator import or_
from pathlib import Path

from benchmark.errors import SkipCell, UserError
from benchmark.files import read_json
from benchmark.plan.describe import cell_parts
from benchmark.plan.planner import Plan
from benchmark.plots.decomposition import draw_decomposition, has_parts
from benchmark.plots.embedding import Embedding, draw_embeddings, embed
from benchmark.plots.origin import frame_origin
from benchmark.plots.pair import Pair, generator_class, open_generator, open_pair
from benchmark.plots.ranks import draw_ranks, ranks
from benchmark.plots.scaling import SCORE, control_points, draw_scaling, scaling_points
from benchmark.plots.series import draw_autocorrelation, draw_examples, draw_spectrum
from benchmark.plots.style import write
from benchmark.report.frame import results_frame
from benchmark.report.suite import suite_folder
from benchmark.report.written import written
from benchmark.store.cell_folder import CellFolder
from benchmark.store.fitted import find_cell
from benchmark.store.records import State
from benchmark.store.status import CellState
from benchmark.store.store import Store
from metrics.common.threads import in_one_thread
from metrics.registry import METRICS

FIGURE_PLACES = 3
"""How many data sets stand side by side in one figure, as in the paper's."""


@dataclass
class Drawn:
    """The files written, and by cell or figure the reason why something was not drawn."""

    files: list[Path] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The outcome with stable keys."""
        return {"files": [str(path) for path in self.files], "skipped": self.skipped}

    def text(self) -> str:
        """The outcome as lines."""
        return "\n".join([*written(self.files), *(f"skipped {name}: {why}" for name, why in self.skipped.items())])


def plot_cell(name: str, store: Store, output: Path | None, data_dir: Path | None) -> Drawn:
    """Every figure of one cell; raises UserError where there is no such cell or nothing to draw."""
    folder = find_cell(store, name)
    try:
        pair = open_pair(folder, store, data_dir)
    except SkipCell as reason:
        raise UserError(f"nothing can be drawn of '{folder.path.name}': {reason}.") from None
    drawn = Drawn()
    figures = output or store.root / "plots" / pair.slug
    figures.mkdir(parents=True, exist_ok=True)
    _draw_cell(pair, figures, drawn)
    return drawn


def plot_suite(
    plan: Plan, store: Store, output: Path | None, data_dir: Path | None, tell: Callable[[str], None]
) -> Drawn:
    """Every figure of a suite's cells and of the suite; raises UserError where the store holds nothing of it."""
    folder = output or suite_folder(plan, store) / "plots"
    drawn = Drawn()
    ready = []
    for cell in plan.cells:
        state = store.state(cell, ())
        if state.missing:
            drawn.skipped[cell.slug] = cell.skip or _lacking(state, store.cell(cell))
        else:
            ready.append(cell)
    if not ready:
        raise UserError(
            f"the store '{store.root}' holds no samples of suite '{plan.suite.name}' at budget {plan.suite.budget}; run it first "
            "or name another with --store."
        )
    # A folder that cannot be written is refused before anything is drawn for it.
    folder.mkdir(parents=True, exist_ok=True)
    by_method: dict[str, list[tuple[Pair, Embedding]]] = {}
    for number, cell in enumerate(ready, 1):
        tell(f"drawing {cell.slug} ({number} of {len(ready)})")
        try:
            pair = open_pair(store.cell(cell), store, data_dir, cell)
        except SkipCell as reason:
            drawn.skipped[cell.slug] = str(reason)
            continue
        embedding = _draw_cell(pair, folder / cell.slug, drawn)
        if cell.seed == 0:
            by_method.setdefault(cell.method.replace("/", "-").replace(",", "-"), []).append((pair, embedding))
    for method, columns in by_method.items():
        if len(columns) > 1:
            _draw_columns(columns, folder, f"embeddings-{method}", drawn)
    _draw_scores(plan, store, folder, drawn)
    if not drawn.files:
        name, why = next(iter(drawn.skipped.items()))
        raise UserError(f"nothing can be drawn of suite '{plan.suite.name}': {name}: {why}.")
    return drawn


def _lacking(state: CellState, folder: CellFolder) -> str:
    """Why a cell has no samples to draw."""
    if folder.status().state is State.DONE:
        return "its samples are not as the run left them; run the suite again, which draws them anew"
    return state.status.reason or "not run yet"


@in_one_thread
def _draw_cell(pair: Pair, folder: Path, drawn: Drawn) -> Embedding:
    embedding = embed(pair.real, pair.generated, pair.seed("embedding"))
    drawn.files += write(partial(draw_embeddings, [pair], [embedding]), folder, "embedding", pair.origin)
    drawn.files += write(partial(draw_examples, pair), folder, "examples", pair.origin)
    drawn.files += write(partial(draw_autocorrelation, pair), folder, "autocorrelation", pair.origin)
    drawn.files += write(partial(draw_spectrum, pair), folder, "spectrum", pair.origin)
    if has_parts(generator_class(pair)):
        try:
            generator = open_generator(pair)
        except SkipCell as reason:
            drawn.skipped[f"decomposition of {pair.slug}"] = str(reason)
        else:
            drawn.files += write(partial(draw_decomposition, pair, generator), folder, "decomposition", pair.origin)
    return embedding


def _draw_columns(columns: list[tuple[Pair, Embedding]], folder: Path, name: str, drawn: Drawn) -> None:
    """The paper's arrangement: data sets side by side, three a figure."""
    for number, start in enumerate(range(0, len(columns), FIGURE_PLACES), 1):
        pairs, embeddings = zip(*columns[start : start + FIGURE_PLACES], strict=True)
        origin = reduce(or_, (pair.origin for pair in pairs))
        drawn.files += write(partial(draw_embeddings, pairs, embeddings), folder, f"{name}-{number}", origin)


def _draw_scores(plan: Plan, store: Store, folder: Path, drawn: Drawn) -> None:
    for cell in plan.cells:
        scores = store.cell(cell).path / "scores.json"
        if scores.is_file() and not read_json(scores):
            drawn.skipped[f"scores of {cell.slug}"] = f"'{scores}' is damaged; run the suite again"
    frame = results_frame(plan.cells, plan.score_names, store)
    if SCORE in plan.scores:
        titles = {cell.dataset.id: cell.dataset.title or cell.dataset.id for cell in plan.cells}
        for dataset, length in _unique((cell.dataset.id, cell.length) for cell in plan.cells):
            cells = [cell for cell in plan.cells if (cell.dataset.id, cell.length) == (dataset, length)]
            sizes = {cell.title: sum(cell_parts(cell).values()) for cell in cells if cell.features}
            here = frame[(frame["dataset"] == dataset) & (frame["length"] == length) & (frame["metric"] == SCORE)]
            points, controls = scaling_points(here, sizes), control_points(here)
            name = f"{SCORE}_by_size-{dataset}-{length}"
            if points.dropna(subset=["value"]).empty:
                drawn.skipped[name] = f"no generator that learns has a {SCORE} there yet"
                continue
            if points.dropna(subset=["value", "parameters"]).empty:
                drawn.skipped[name] = "no generator there says how many trainable parameters it has"
                continue
            setting = f"{titles[dataset]}, length {length}"
            drawn.files += write(partial(draw_scaling, points, controls, setting), folder, name, frame_origin(here))
    ranked = tuple(name for name in plan.scores if name in METRICS and len(ranks(frame, name)) > 1)
    if ranked:
        drawn.files += write(partial(draw_ranks, frame, ranked), folder, "ranks", frame_origin(frame))
    else:
        drawn.skipped["ranks"] = "fewer than two generators have every score in every setting"


def _unique(settings: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return list(dict.fromkeys(settings))
