"""Which rows of a series train and which are held out, and how many windows series hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_HOLDOUTS = 8
"""Hold-out blocks a series at most; more would cost gaps without covering time better."""
MANY_SERIES = 8
"""From this many series on, whole series are held out instead of blocks of each."""
HELD_SHARE = 4
"""One window in four is held out."""


@dataclass(frozen=True)
class Block:
    """Rows start .. stop - 1 of series number `series`, held out or for training."""

    series: int
    start: int
    stop: int
    held_out: bool


def count_windows(rows: Iterable[int], length: int, stride: int = 1) -> int:
    """Windows of `length` rows that start every `stride` rows inside series of the given numbers of rows."""
    return sum((count - length) // stride + 1 for count in rows if count >= length)


def strict_rows_needed(series: int, length: int) -> int:
    """Rows that each of so many series needs: a window, or three blocks, two gaps of `length` rows and four windows."""
    if series >= MANY_SERIES:
        return length
    return 2 * length + 3 * (length - 1) + HELD_SHARE


def strict_blocks(rows: Sequence[int], length: int) -> list[Block]:
    """Training and hold-out blocks of series with the given numbers of rows, for windows of `length` rows.

    Eight or more series: every fourth is held out whole. Fewer: each series becomes blocks train, hold-out, train, ...,
    train with gaps of `length` unused rows; there are as many hold-out blocks as still leave a third of the windows, at
    most eight. About a quarter of the windows are held out. Every series needs `strict_rows_needed` rows.
    """
    if len(rows) >= MANY_SERIES:
        held = HELD_SHARE // 2
        return [Block(i, 0, count, i % HELD_SHARE == held) for i, count in enumerate(rows)]
    return [block for i, count in enumerate(rows) for block in _interleaved(i, count, length)]


def _interleaved(series: int, rows: int, length: int) -> list[Block]:
    holdouts = MOST_HOLDOUTS
    while holdouts > 1 and 3 * _windows_left(rows, length, holdouts) < rows - length + 1:
        holdouts -= 1
    windows = _windows_left(rows, length, holdouts)
    held = max(holdouts, round(windows / HELD_SHARE))
    held_sizes = _shares(held, holdouts)
    train_sizes = _shares(windows - held, holdouts + 1)
    blocks = []
    start = 0
    for place in range(2 * holdouts + 1):
        held_out = place % 2 == 1
        count = (held_sizes if held_out else train_sizes)[place // 2]
        stop = start + count + length - 1
        blocks.append(Block(series, start, stop, held_out))
        start = stop + length
    return blocks


def _windows_left(rows: int, length: int, holdouts: int) -> int:
    """Windows that remain when `holdouts` hold-out blocks stand between as many training blocks plus one."""
    return rows - 2 * holdouts * length - (2 * holdouts + 1) * (length - 1)


def _shares(total: int, parts: int) -> list[int]:
    """`total` as `parts` whole numbers that differ by one at most."""
    return [total // parts + (place < total % parts) for place in range(parts)]
