"""Windows by role: which of all windows train, validate and test, and which the oracle may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmark.data.scale import Bounds, take
from benchmark.data.spec import DatasetSpec
from benchmark.data.split import Role
from benchmark.data.units import Units
from benchmark.errors import UserError
from benchmark.interface import Windows
from benchmark.seeds import derive_seed

ROLES: tuple[Role, ...] = ("train", "validation", "test")


@dataclass(frozen=True)
class WindowSet:
    """Windows (N, T, D), float32, by what they are for.

    `train` is what generators fit; `test` what reported scores compare with (the same array under protocol paper); `validation`
    what fits measure themselves on and sweeps choose by, as many windows as `test` (None under protocol paper). `real_disjoint`
    are real windows in [0, 1] disjoint from the test windows: the validation windows, clipped, under protocol strict. `low` and
    `high` (D,) undo the scaling: x · (high − low) + low. `note` says what a reader of the scores must know, empty where nothing.
    `blocks` number, by role, the block of the series that each window comes from, in the order of time: windows of one block
    overlap, and of windows that are independent each has a number of its own. Empty under protocol paper. `rows` are those of the
    file, or its windows where it holds windows; None for generated data.
    """

    train: Windows
    validation: Windows | None
    test: Windows
    real_disjoint: Windows | None
    names: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    note: str = ""
    blocks: Mapping[Role, NDArray[np.intp]] = field(default_factory=dict)
    rows: int | None = None

    @property
    def counts(self) -> dict[str, int]:
        """The number of windows by role."""
        roles = {"train": self.train, "validation": self.validation, "test": self.test}
        return {role: len(windows) for role, windows in roles.items() if windows is not None}

    @property
    def units(self) -> Units:
        """The features' names and ranges."""
        return Units(self.names, self.low, self.high)


@dataclass(frozen=True)
class Draft:
    """Windows before any are chosen: lists of arrays, counted through; `test` None means the training windows.

    `blocks` hold the block of each array by role; empty where all windows are independent.
    """

    train: Sequence[Windows]
    names: tuple[str, ...]
    limits: Bounds
    note: str = ""
    validation: Sequence[Windows] | None = None
    test: Sequence[Windows] | None = None
    real_disjoint: Sequence[Windows] | None = None
    blocks: Mapping[Role, Sequence[int]] = field(default_factory=dict)


def halves(draft: Draft, spec: DatasetSpec, limit: int | None, seed: int) -> WindowSet:
    """Random halves of recorded windows: one trains and is compared with, the other holds the disjoint real windows."""
    count = sum(len(piece) for piece in draft.train)
    half = count // 2
    if half == 0:
        raise UserError(f"the data set '{spec.id}' has {count} window, which cannot be halved; use a shorter length.")
    order = np.random.default_rng(derive_seed("halves", seed)).permutation(count)
    # The order is random already, so the first of each half are a random subset of it.
    size = half if limit is None else min(half, limit)
    train = take(draft.train, np.sort(order[:size]))
    real_disjoint = take(draft.train, np.sort(order[half : half + size]))
    note = f"test and oracle windows are disjoint random halves of {count} windows, so n is {size}"
    note = "; ".join(filter(None, (draft.note, note)))
    return WindowSet(train, None, train, real_disjoint, draft.names, *draft.limits, note)


def whole(draft: Draft, limit: int | None, seed: int) -> WindowSet:
    """All windows, or a random subset, train and are compared with."""
    train = some(draft.train, limit, "train", seed)
    handed = None if draft.real_disjoint is None else some(draft.real_disjoint, limit, "fresh", seed)
    return WindowSet(train, None, train, handed, draft.names, *draft.limits, draft.note)


def by_role(
    draft: Draft, validation: Sequence[Windows], test: Sequence[Windows], limit: int | None, seed: int
) -> WindowSet:
    """Every role's windows, validation and test equal in number: a score's value depends on the number of windows."""
    counts = [sum(map(len, pieces)) for pieces in (validation, test)]
    n, note = min(counts), draft.note
    used = n if limit is None else min(n, limit)
    if counts[0] != counts[1]:
        note += f"; of {counts[0]} validation and {counts[1]} test windows {used} each are used"
    windows: dict[Role, Windows] = {}
    blocks: dict[Role, NDArray[np.intp]] = {}
    first = 0
    for role, pieces, most in zip(ROLES, (draft.train, validation, test), (None, n, n), strict=True):
        # The few of a limit are some of those without one, so that a fit to the latter may choose them.
        chosen = _few(_chosen(pieces, most, role, seed), sum(map(len, pieces)), limit, role, seed)
        windows[role] = take(pieces, chosen)
        numbers = _numbers(draft.blocks.get(role), pieces, first)
        first += len(numbers)
        blocks[role] = numbers if chosen is None else numbers[chosen]
    train, kept, tests = (windows[role] for role in ROLES)
    return WindowSet(train, kept, tests, np.clip(kept, 0, 1), draft.names, *draft.limits, note, blocks)


def _numbers(blocks: Sequence[int] | None, pieces: Sequence[Windows], first: int) -> NDArray[np.intp]:
    """The block of each window of all pieces; numbers from `first` on where every window is independent."""
    if blocks is None:
        return np.arange(first, first + sum(map(len, pieces)), dtype=np.intp)
    return np.repeat(np.array(blocks, dtype=np.intp), [len(piece) for piece in pieces])


def some(pieces: Sequence[Windows], limit: int | None, role: str, seed: int) -> Windows:
    """At most `limit` windows of all pieces, a random subset in order."""
    return take(pieces, _chosen(pieces, limit, role, seed))


def _few(
    chosen: NDArray[np.int64] | None, count: int, limit: int | None, role: str, seed: int
) -> NDArray[np.int64] | None:
    """At most `limit` of the indices `chosen` among `count`; None for all."""
    indices = np.arange(count) if chosen is None else chosen
    few = _subset(len(indices), limit, role, seed)
    return chosen if few is None else indices[few]


def _chosen(pieces: Sequence[Windows], limit: int | None, role: str, seed: int) -> NDArray[np.int64] | None:
    """Sorted indices of at most `limit` windows of all pieces, drawn at random; None for all."""
    return _subset(sum(len(piece) for piece in pieces), limit, role, seed)


def _subset(count: int, limit: int | None, role: str, seed: int) -> NDArray[np.int64] | None:
    if limit is None or count <= limit:
        return None
    return np.sort(np.random.default_rng(derive_seed("subset", role, seed)).choice(count, limit, replace=False))
