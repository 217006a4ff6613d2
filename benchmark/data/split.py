"""Which rows of a series train, validate and test under protocol strict, and how many windows series hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmark.seeds import derive_seed

Role = Literal["train", "validation", "test"]

MOST_PAIRS = 64
"""Pairs of a validation and a test block in a series at most."""
LEAST_KEPT = 1 / 3
"""The share of a series' windows that its gaps must leave, for more than one pair."""
MANY_SERIES = 8
"""From this many series on, whole series validate and test instead of blocks of each."""
HELD_SHARE = 5
"""One window in five validates, and one in five tests."""
FEWEST_WINDOWS = 8
"""Windows that a series needs: two to validate, two to test and four to train."""


def seed_of_split(dataset: str, length: int, protocol: str, *of_its_own: int) -> int:
    """The seed of a data set's random halves and subsets, equal for all generators; `of_its_own` asks for other ones."""
    return derive_seed("split", dataset, length, protocol, *of_its_own)


@dataclass(frozen=True)
class Block:
    """Rows start .. stop - 1 of series number `series`, and what their windows are for."""

    series: int
    start: int
    stop: int
    role: Role


def count_windows(rows: Iterable[int], length: int, stride: int = 1) -> int:
    """Windows of `length` rows that start every `stride` rows inside series of the given numbers of rows."""
    return sum((count - length) // stride + 1 for count in rows if count >= length)


def strict_rows_needed(series: int, length: int) -> int:
    """Rows that each of so many series needs: a window, or four blocks, three gaps of `length` rows and eight windows."""
    return length if series >= MANY_SERIES else FEWEST_WINDOWS - strict_windows(0, length, 1)


def strict_longest(series: int, rows: int) -> int:
    """The longest window for which each of so many series of `rows` rows is long enough; below 2 where there is none."""
    return rows if series >= MANY_SERIES else (rows - FEWEST_WINDOWS + 4) // 7


def strict_blocks(rows: Sequence[int], length: int, pairs: int | None = None) -> list[Block]:
    """Blocks of series with the given numbers of rows, for windows of `length` rows; one window in five tests, one validates.

    Fewer than eight series: each becomes training blocks with a pair of equal halves between them, one to validate and one to
    test, in turn first; `length` unused rows stand between any two blocks. `pairs` is their number in each series, by default
    `strict_pairs` of its rows: short blocks, spread over the whole time, make validation and test windows exchangeable. Eight
    or more series: whole ones validate and test. Every series needs `strict_rows_needed` rows.
    """
    if len(rows) >= MANY_SERIES:
        return _whole_series(rows)
    blocks: list[Block] = []
    for series, count in enumerate(rows):
        blocks += _interleaved(series, count, length, pairs or strict_pairs(count, length))
    return blocks


def strict_pairs(rows: int, length: int) -> int:
    """The most pairs of blocks whose gaps leave a share `LEAST_KEPT` of the windows of a series, at least 1."""
    least = LEAST_KEPT * (rows - length + 1)
    pairs = MOST_PAIRS
    while pairs > 1 and strict_windows(rows, length, pairs) < max(least, FEWEST_WINDOWS * pairs):
        pairs -= 1
    return pairs


def strict_windows(rows: int, length: int, pairs: int) -> int:
    """Windows of a series that remain where so many pairs stand between training blocks; below 0 where rows are missing."""
    return rows - 3 * pairs * length - (3 * pairs + 1) * (length - 1)


def _whole_series(rows: Sequence[int]) -> list[Block]:
    """Pairs of series, evenly spread; of each pair the series with more rows gets the role that has fewer so far."""
    pairs = round(len(rows) / HELD_SHARE)
    roles: list[Role] = ["train"] * len(rows)
    surplus = 0
    for pair in range(pairs):
        first = (2 * pair + 1) * len(rows) // (2 * pairs) - 1
        difference = rows[first] - rows[first + 1]
        validates_first = pair % 2 == 0 if surplus * difference == 0 else surplus * difference < 0
        roles[first], roles[first + 1] = ("validation", "test") if validates_first else ("test", "validation")
        surplus += difference if validates_first else -difference
    return [Block(series, 0, count, role) for series, (count, role) in enumerate(zip(rows, roles, strict=True))]


def _interleaved(series: int, rows: int, length: int, pairs: int) -> list[Block]:
    windows = strict_windows(rows, length, pairs)
    held = max(2, pairs, round(windows / HELD_SHARE))
    held_sizes, train_sizes = _shares(held, pairs), _shares(windows - 2 * held, pairs + 1)
    plan: list[tuple[int, Role]] = [(train_sizes[0], "train")]
    # The next series begins with the other role, so that single pairs alternate too.
    for pair, (size, between) in enumerate(zip(held_sizes, train_sizes[1:], strict=True), start=series):
        sides: tuple[Role, Role] = ("validation", "test") if pair % 2 == 0 else ("test", "validation")
        plan += [(size, sides[0]), (size, sides[1]), (between, "train")]
    blocks, start = [], 0
    for count, role in plan:
        stop = start + count + length - 1
        blocks.append(Block(series, start, stop, role))
        start = stop + length
    return blocks


def _shares(total: int, parts: int) -> list[int]:
    """`total` as `parts` whole numbers that differ by one at most."""
    return [total // parts + (index < total % parts) for index in range(parts)]
