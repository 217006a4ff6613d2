"""From a data set to the windows that train, that scores compare with, and that the oracle may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.data.generated import draw, feature_names
from benchmark.data.scale import Bounds, bounds, cut, scale, take, unit_bounds
from benchmark.data.series import Series, load_series
from benchmark.data.spec import DatasetSpec, Recipe
from benchmark.data.split import Block, strict_blocks, strict_rows_needed
from benchmark.data.time import counted
from benchmark.errors import UserError
from benchmark.interface import Windows
from benchmark.seeds import derive_seed

TRAINING_SHARE = 0.75


@dataclass(frozen=True)
class WindowSet:
    """Windows (N, T, D), float32, by what they are for.

    `train` is what generators may see, `reference` what scores compare with (the same array under protocol paper),
    `real_disjoint` real windows disjoint from the reference. `low` and `high` (D,) undo the scaling: x · (high − low) + low.
    `note` says what a reader of the scores must know, empty where nothing.
    """

    train: Windows
    reference: Windows
    real_disjoint: Windows | None
    names: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    note: str = ""


@dataclass(frozen=True)
class _Draft:
    """Windows before any are chosen: lists of arrays, counted through; `reference` None means the training windows."""

    train: Sequence[Windows]
    reference: Sequence[Windows] | None
    real_disjoint: Sequence[Windows] | None
    names: tuple[str, ...]
    limits: Bounds
    note: str = ""


def load_windows(
    spec: DatasetSpec,
    length: int,
    protocol: Literal["paper", "strict"],
    *,
    view: Literal["all", "real_disjoint"] = "all",
    data_dir: Path | None = None,
    cache_dir: Path | None = None,
    limit: int | None = None,
    seed_for_split: int,
) -> WindowSet:
    """The windows of `length` steps of a data set under a protocol.

    `view` "real_disjoint" adds windows disjoint from the reference: another draw of a generated set, the training windows under
    protocol strict, and otherwise one random half of the windows, the reference then being the other half. `limit`
    keeps a random subset of at most that many of each. `cache_dir` is where a simulated set is kept; `seed_for_split`
    seeds the random halves and subsets. Raises UserError for data that is bad or too short, SkipCell for data that is
    not here.
    """
    if length < 2:
        raise UserError(f"the length is {length}, but a window has at least 2 time steps.")
    if limit is not None and limit < 1:
        raise UserError(f"the limit is {limit}, but at least one window is needed.")
    strict, real_disjoint = protocol == "strict", view == "real_disjoint"
    if spec.recipe is not None:
        draft = _generated(spec, spec.recipe, length, strict, real_disjoint, cache_dir)
    else:
        series = load_series(spec, data_dir)
        if series.windows:
            draft = _stack(spec, series, length, strict, seed_for_split)
        else:
            draft = _strict_rows(spec, series, length) if strict else _paper_rows(spec, series, length)
    if real_disjoint and draft.real_disjoint is None and draft.reference is None:
        return _halves(draft, spec, limit, seed_for_split)
    return _choose(draft, real_disjoint, limit, seed_for_split)


def _generated(
    spec: DatasetSpec, recipe: Recipe, length: int, strict: bool, real_disjoint: bool, cache_dir: Path | None
) -> _Draft:
    names = feature_names(recipe)
    first = draw(recipe, length, cache_dir=cache_dir)
    limits = bounds([first]) if spec.scaling == "minmax" else unit_bounds(len(names))
    train = [scale(first, limits)]
    if not (strict or real_disjoint):
        return _Draft(train, None, None, names, limits)
    # The oracle hands the second draw on as samples, which must lie in [0, 1]; a hold-out keeps its values.
    second = [scale(draw(recipe, length, number=1, cache_dir=cache_dir), limits, clip=not strict)]
    if strict:
        return _Draft(
            train,
            second,
            train if real_disjoint else None,
            names,
            limits,
            "the reference is a second, independent draw",
        )
    return _Draft(train, None, second, names, limits, "the disjoint real windows are a second, independent draw")


def _stack(spec: DatasetSpec, series: Series, length: int, strict: bool, seed: int) -> _Draft:
    """Windows from a file: all of them, or a random three quarters against the rest."""
    stack = np.stack(series.parts)
    count, steps, features = stack.shape
    if steps != length:
        raise UserError(
            f"'{series.source}' holds windows of {steps} steps, but the length is {length}; use length {steps}."
        )
    if not strict:
        limits = _limits(spec, series, [stack], features)
        return _Draft([scale(stack, limits)], None, None, series.names, limits)
    if count < 2:
        raise UserError(f"'{series.source}' holds {count} window, but protocol strict needs two or more; add windows.")
    order = np.random.default_rng(derive_seed("strict", seed)).permutation(count)
    kept = min(count - 1, round(count * TRAINING_SHARE))
    train, held = stack[np.sort(order[:kept])], stack[np.sort(order[kept:])]
    limits = _limits(spec, series, [train], features)
    train_windows = [scale(train, limits)]
    note = "training and hold-out windows are a random split of the file's windows"
    return _Draft(train_windows, [scale(held, limits)], train_windows, series.names, limits, note)


def _paper_rows(spec: DatasetSpec, series: Series, length: int) -> _Draft:
    """All windows of all rows; rows of different series are joined unless windows must stay within one."""
    crossing = not spec.within_series and len(series.parts) > 1
    rows = {"": series.rows} if crossing else _rows(series)
    _require_rows(spec, series, rows, length, length, "", joined=crossing)
    parts = [np.concatenate(series.parts)] if crossing else [part for part in series.parts if len(part) >= length]
    if not parts:
        raise _too_many_gaps(series, length, "")
    limits = _limits(spec, series, parts, len(series.names))
    pieces = [cut(scale(part, limits), length, spec.stride) for part in parts]
    note = "windows may cross from one series into the next, as in the literature" if crossing else ""
    return _Draft(pieces, None, None, series.names, limits, "; ".join(filter(None, (note, _gaps(series)))))


def _strict_rows(spec: DatasetSpec, series: Series, length: int) -> _Draft:
    """Windows of training blocks against windows of hold-out blocks, scaled by the training blocks alone."""
    rows, pieces = _rows(series), list(series.pieces.values())
    needed = strict_rows_needed(len(rows), length)
    _require_rows(spec, series, rows, length, needed, " under protocol strict", joined=False)
    # Blocks are laid over whole series, so that a gap in time cannot bring training and hold-out rows closer.
    cuts: dict[bool, list[NDArray[np.float64]]] = {False: [], True: []}
    for block in strict_blocks(list(rows.values()), length):
        cuts[block.held_out] += _inside(block, pieces[block.series], length)
    if not all(cuts.values()):
        raise _too_many_gaps(series, length, " in a training and in a hold-out block of protocol strict")
    limits = _limits(spec, series, cuts[False], len(series.names))
    train, held = ([cut(scale(part, limits), length, spec.stride) for part in cuts[side]] for side in (False, True))
    note = f"{len(cuts[True])} hold-out blocks between {len(cuts[False])} training blocks"
    return _Draft(train, held, train, series.names, limits, "; ".join(filter(None, (note, _gaps(series)))))


def _rows(series: Series) -> dict[str, int]:
    """Rows of each series, its pieces together."""
    return {label: sum(map(len, pieces)) for label, pieces in series.pieces.items()}


def _inside(block: Block, pieces: Sequence[NDArray[np.float64]], length: int) -> list[NDArray[np.float64]]:
    """What a block of a series holds of each piece, where that is at least a window's `length` of rows."""
    found, first = [], 0
    for piece in pieces:
        part = piece[max(block.start - first, 0) : max(block.stop - first, 0)]
        found += [part] if len(part) >= length else []
        first += len(piece)
    return found


def _too_many_gaps(series: Series, length: int, where: str) -> UserError:
    timeline = series.timeline
    gaps = (
        f"{counted(timeline.gaps, 'gap')} in time (column '{timeline.column}', step {timeline.step})"
        if timeline
        else ""
    )
    longest = max(len(part) for part in series.parts)
    return UserError(
        f"'{series.source}' has {gaps}, and its longest piece between them has {longest} rows, but windows of {length} rows need "
        f"{length}{where}; fill the gaps, use a shorter length, or name the column under 'drop' to take the rows as they follow."
    )


def _gaps(series: Series) -> str:
    timeline = series.timeline
    return f"no window crosses the {counted(timeline.gaps, 'gap')} in time" if timeline and timeline.gaps else ""


def _limits(spec: DatasetSpec, series: Series, parts: Sequence[NDArray[np.float64]], features: int) -> Bounds:
    if spec.scaling == "minmax":
        return bounds(parts)
    low, high = bounds(series.parts)
    if low.min() < 0 or high.max() > 1:
        raise UserError(
            f"'{series.source}' holds values from {low.min():g} to {high.max():g}, but with 'scaling: none' all must "
            "lie in [0, 1]; use 'scaling: minmax'."
        )
    return unit_bounds(features)


def _require_rows(
    spec: DatasetSpec, series: Series, rows: Mapping[str, int], length: int, needed: int, where: str, *, joined: bool
) -> None:
    """Raise UserError for the first series with fewer rows than needed."""
    for label, count in rows.items():
        if count < needed:
            which = f"series '{label}' of '{series.source}'" if spec.has_series and not joined else f"'{series.source}'"
            raise UserError(
                f"{which} has {count} rows, but windows of {length} rows{where} need {needed}; use a shorter length or "
                "longer series."
            )


def _halves(draft: _Draft, spec: DatasetSpec, limit: int | None, seed: int) -> WindowSet:
    """Random halves of recorded windows: one trains and is compared with, the other holds the disjoint real windows."""
    count = sum(len(piece) for piece in draft.train)
    half = count // 2
    if half == 0:
        raise UserError(f"the data set '{spec.id}' has {count} window, which cannot be halved; use a shorter length.")
    order = np.random.default_rng(derive_seed("halves", seed)).permutation(count)
    # The order is random already, so the first of each half are a random subset of it.
    size = half if limit is None else min(half, limit)
    reference = take(draft.train, np.sort(order[:size]))
    real_disjoint = take(draft.train, np.sort(order[half : half + size]))
    note = f"reference and oracle windows are disjoint random halves of {count} windows, so n is {size}"
    low, high = draft.limits
    return WindowSet(
        reference, reference, real_disjoint, draft.names, low, high, "; ".join(filter(None, (draft.note, note)))
    )


def _choose(draft: _Draft, real_disjoint: bool, limit: int | None, seed: int) -> WindowSet:
    def some(pieces: Sequence[Windows], role: str) -> Windows:
        count = sum(len(piece) for piece in pieces)
        if limit is None or count <= limit:
            return take(pieces, None)
        chosen = np.random.default_rng(derive_seed("subset", role, seed)).choice(count, limit, replace=False)
        return take(pieces, np.sort(chosen))

    train = some(draft.train, "train")
    reference = train if draft.reference is None else some(draft.reference, "reference")
    handed = None
    if real_disjoint and draft.real_disjoint is not None:
        handed = train if draft.real_disjoint is draft.train else some(draft.real_disjoint, "fresh")
    return WindowSet(train, reference, handed, draft.names, *draft.limits, draft.note)
