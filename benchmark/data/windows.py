"""From a data set to the windows that train, validate and test, and that the oracle may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.data.generated import draw, feature_names
from benchmark.data.roles import ROLES, Draft, WindowSet, by_role, halves, whole
from benchmark.data.scale import Bounds, bounds, cut, scale, unit_bounds
from benchmark.data.series import Series, cuts_text, load_series
from benchmark.data.spec import DatasetSpec, Recipe
from benchmark.data.split import (
    FEWEST_WINDOWS,
    HELD_SHARE,
    Block,
    Role,
    count_windows,
    strict_blocks,
    strict_longest,
    strict_rows_needed,
)
from benchmark.data.time import counted
from benchmark.errors import UserError
from benchmark.protocols import Protocol
from benchmark.seeds import derive_seed

WINDOW_COLUMNS = ("window", "step")
"""The first columns of a table of windows, as `sample` writes it, both counted from 0."""
FEWEST_TESTED = 5
"""Test windows that scores need; twice as many windows under protocol paper, half of which are the oracle's."""


def load_windows(
    spec: DatasetSpec,
    length: int,
    protocol: Protocol,
    *,
    view: Literal["all", "real_disjoint"] = "all",
    data_dir: Path | None = None,
    cache_dir: Path | None = None,
    limit: int | None = None,
    seed_for_split: int,
) -> WindowSet:
    """The windows of `length` steps of a data set under a protocol.

    Protocol strict gives every role its own windows. Under protocol paper `view` "real_disjoint" adds windows disjoint from the
    test windows: another draw of a generated set, otherwise one random half of the windows, the test windows then being the
    other half. `limit` keeps a random subset of at most that many of each. `cache_dir` is where a simulated set is kept;
    `seed_for_split` seeds the random halves and subsets. Raises UserError for data that is bad or too short, SkipCell for data
    that is not here.
    """
    if length < 2:
        raise UserError(f"the length is {length}, but a window has at least 2 time steps.")
    if limit is not None and limit < 1:
        raise UserError(f"the limit is {limit}, but at least one window is needed.")
    strict, real_disjoint = protocol == "strict", view == "real_disjoint"
    if spec.recipe is not None:
        draft = _generated(spec, spec.recipe, length, strict, real_disjoint, cache_dir)
        return _windows_of(draft, spec, real_disjoint, limit, seed_for_split)
    series = load_series(spec, data_dir)
    if series.names[:2] == WINDOW_COLUMNS:
        raise UserError(
            f"'{series.source}' is a table of windows (columns window and step), whose rows do not follow one another; give "
            "the windows as .npy, as `sample --format npy` writes them."
        )
    if series.windows:
        draft = _stack(spec, series, length, strict, seed_for_split)
    else:
        draft = _strict_rows(spec, series, length) if strict else _paper_rows(spec, series, length)
    return replace(_windows_of(draft, spec, real_disjoint, limit, seed_for_split), rows=series.rows)


def _windows_of(
    draft: Draft, spec: DatasetSpec, real_disjoint: bool, limit: int | None, seed_for_split: int
) -> WindowSet:
    if draft.validation is not None and draft.test is not None:
        return by_role(draft, draft.validation, draft.test, limit, seed_for_split)
    if real_disjoint and draft.real_disjoint is None:
        return halves(draft, spec, limit, seed_for_split)
    return whole(draft, limit, seed_for_split)


def check_strict_length(spec: DatasetSpec, length: int) -> None:
    """Raise UserError where the stated rows of a data set are too few for windows of `length` rows under protocol `strict`."""
    if spec.rows is None or spec.series_column is not None:
        return
    each = spec.series_length or spec.rows
    rows = {str(series): each for series in range(1, spec.rows // each + 1)}
    _require_rows(spec, f"the data set '{spec.id}'", rows, length, "strict")


def require_windows(spec: DatasetSpec, length: int, protocol: Protocol, count: int, data_dir: Path | None) -> None:
    """Raise UserError where the `count` test windows of a recorded data set are too few for scores, saying what would fit."""
    needed = FEWEST_TESTED if protocol == "strict" else 2 * FEWEST_TESTED
    if count >= needed:
        return
    kind = "test windows under protocol strict" if protocol == "strict" else "windows"
    said = f"the data set '{spec.id}' has {count} {kind} of length {length}, but scores need at least {needed}"
    if spec.holds_windows:
        raise UserError(f"{said}; add windows.")
    if protocol == "strict":
        raise UserError(f"{said}; use a shorter length or more rows.")
    series = load_series(spec, data_dir)
    rows = [series.rows] if not spec.within_series else [len(part) for part in series.parts]
    fits = [shorter for shorter in range(2, length) if count_windows(rows, shorter, spec.stride) >= needed]
    advice = f"use length {max(fits)} or less, or" if fits else "give"
    more = (needed - count) * spec.stride
    raise UserError(f"{said}; {advice} {counted(more, 'further row')}.")


def _generated(
    spec: DatasetSpec, recipe: Recipe, length: int, strict: bool, real_disjoint: bool, cache_dir: Path | None
) -> Draft:
    names = feature_names(recipe)
    first = draw(recipe, length, cache_dir=cache_dir)
    limits = bounds([first]) if spec.scaling == "minmax" else unit_bounds(len(names))
    train = [scale(first, limits)]
    if strict:
        test, validation = ([scale(draw(recipe, length, number=n, cache_dir=cache_dir), limits)] for n in (1, 2))
        note = "training, validation and test windows are independent draws"
        return Draft(train, names, limits, note, validation, test)
    if not real_disjoint:
        return Draft(train, names, limits)
    # The oracle hands the second draw on as samples, which must lie in [0, 1].
    second = [scale(draw(recipe, length, number=1, cache_dir=cache_dir), limits, clip=True)]
    note = "the disjoint real windows are a second, independent draw"
    return Draft(train, names, limits, note, real_disjoint=second)


def _stack(spec: DatasetSpec, series: Series, length: int, strict: bool, seed: int) -> Draft:
    """Windows from a file: all of them, or three fifths to train and a fifth each to validate and to test, at random."""
    stack = np.stack(series.parts)
    count, steps, features = stack.shape
    if steps != length:
        raise UserError(
            f"'{series.source}' holds windows of {steps} steps, but the length is {length}; use length {steps}."
        )
    if not strict:
        limits = _limits(spec, series, [stack], features)
        return Draft([scale(stack, limits)], series.names, limits)
    if count < FEWEST_WINDOWS:
        held = counted(count, "window")
        raise UserError(f"'{series.source}' holds {held}, but protocol strict needs {FEWEST_WINDOWS}; add windows.")
    order = np.random.default_rng(derive_seed("strict", seed)).permutation(count)
    held = round(count / HELD_SHARE)
    parts = {
        role: stack[np.sort(chosen)] for role, chosen in zip(ROLES, np.split(order, [-2 * held, -held]), strict=True)
    }
    limits = _limits(spec, series, [parts["train"]], features)
    train, validation, test = ([scale(parts[role], limits)] for role in ROLES)
    note = "training, validation and test windows are a random split of the file's windows"
    return Draft(train, series.names, limits, note, validation, test)


def _paper_rows(spec: DatasetSpec, series: Series, length: int) -> Draft:
    """All windows of all rows; rows of different series are joined unless windows must stay within one."""
    crossing = not spec.within_series and len(series.parts) > 1
    rows = {"": series.rows} if crossing else _rows(series)
    _require_rows(spec, f"'{series.source}'", rows, length, "paper", joined=crossing)
    parts = [np.concatenate(series.parts)] if crossing else [part for part in series.parts if len(part) >= length]
    if not parts:
        raise _too_many_gaps(series, length, "")
    limits = _limits(spec, series, parts, len(series.names))
    pieces = [cut(scale(part, limits), length, spec.stride) for part in parts]
    note = "windows may cross from one series into the next, as in the literature" if crossing else ""
    return Draft(pieces, series.names, limits, "; ".join(filter(None, (note, _cuts(series)))))


def _strict_rows(spec: DatasetSpec, series: Series, length: int) -> Draft:
    """Windows of the blocks of each role, scaled by the training blocks alone."""
    rows, pieces = _rows(series), list(series.pieces.values())
    _require_rows(spec, f"'{series.source}'", rows, length, "strict")
    # Blocks are laid over whole series, so that a gap in time cannot bring rows of two roles closer.
    blocks = strict_blocks(list(rows.values()), length)
    cuts: dict[Role, list[NDArray[np.float64]]] = {role: [] for role in ROLES}
    numbers: dict[Role, list[int]] = {role: [] for role in ROLES}
    for number, block in enumerate(blocks):
        found = _inside(block, pieces[block.series], length)
        cuts[block.role] += found
        numbers[block.role] += [number] * len(found)
    if not all(cuts.values()):
        raise _too_many_gaps(series, length, " in a training, a validation and a test block of protocol strict")
    limits = _limits(spec, series, cuts["train"], len(series.names))
    train, validation, test = ([cut(scale(part, limits), length, spec.stride) for part in cuts[role]] for role in ROLES)
    counts = [sum(block.role == role for block in blocks) for role in ROLES]
    note = f"{counts[0]} training, {counts[1]} validation and {counts[2]} test blocks in turn"
    note = "; ".join(filter(None, (note, _cuts(series))))
    return Draft(train, series.names, limits, note, validation, test, blocks=numbers)


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
    longest = max(len(part) for part in series.parts)
    advice = "name the column under 'drop' to take the rows as they follow" if series.timeline else "fill the cells"
    return UserError(
        f"'{series.source}' has {cuts_text(series)}, and its longest piece between them has {longest} rows, but windows of "
        f"{length} rows need {length}{where}; fill the gaps, use a shorter length, or {advice}."
    )


def _cuts(series: Series) -> str:
    """What of the file a reader of the scores must know: gaps, and missing cells and categories with what became of them."""
    timeline = series.timeline
    gaps = f"no window crosses the {counted(timeline.gaps, 'gap')} in time" if timeline and timeline.gaps else ""
    return "; ".join(filter(None, (gaps, *series.remarks)))


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
    spec: DatasetSpec, source: str, rows: Mapping[str, int], length: int, protocol: Protocol, *, joined: bool = False
) -> None:
    """Raise UserError for the first series with fewer rows than windows of `length` need, saying which length fits."""
    strict = protocol == "strict"
    needed = strict_rows_needed(len(rows), length) if strict else length
    for label, count in rows.items():
        if count < needed:
            which = f"series '{label}' of {source}" if spec.has_series and not joined else source
            where = " under protocol strict" if strict else ""
            # A length must leave the windows that scores need, where no other series brings more.
            longest = strict_longest(len(rows), count) if strict else count
            if len(rows) == 1:
                longest = next(
                    (fit for fit in range(longest, 1, -1) if _is_scored(count, fit, spec.stride, strict=strict)), 0
                )
            advice = f"use length {longest} or less, or longer series" if longest >= 2 else "give longer series"
            raise UserError(f"{which} has {count} rows, but windows of {length} rows{where} need {needed}; {advice}.")


def _is_scored(rows: int, length: int, stride: int, *, strict: bool) -> bool:
    """Whether one series of so many rows has the windows of `length` that scores need."""
    if not strict:
        return count_windows([rows], length, stride) >= 2 * FEWEST_TESTED
    tests = [block.stop - block.start for block in strict_blocks([rows], length) if block.role == "test"]
    return count_windows(tests, length, stride) >= FEWEST_TESTED
