"""Counting windows and cutting series into blocks of three roles, for any sizes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from benchmark.data.split import (
    MOST_PAIRS,
    Block,
    count_windows,
    strict_blocks,
    strict_longest,
    strict_pairs,
    strict_rows_needed,
    strict_windows,
)

lengths = st.integers(2, 300)
FILES = {"stocks": 3_685, "etth": 17_420, "energy": 19_735}


def windows_of(blocks: list[Block], length: int) -> dict[str, int]:
    """Windows by role."""
    roles = ("train", "validation", "test")
    return {role: count_windows([b.stop - b.start for b in blocks if b.role == role], length) for role in roles}


@given(st.lists(st.integers(1, 400), max_size=5), st.integers(1, 80), st.integers(1, 9))
def test_windows_are_counted_as_if_one_by_one(rows: list[int], length: int, stride: int) -> None:
    one_by_one = sum(1 for count in rows for start in range(0, count, stride) if start + length <= count)
    assert count_windows(rows, length, stride) == one_by_one


@given(st.data(), lengths, st.integers(1, 7))
def test_few_series_are_split_in_time(data: st.DataObject, length: int, series: int) -> None:
    needed = strict_rows_needed(series, length)
    assert needed == 7 * length + 4
    rows = data.draw(st.lists(st.integers(needed, 30_000), min_size=series, max_size=series))
    blocks = strict_blocks(rows, length)
    for number, count in enumerate(rows):
        mine = [block for block in blocks if block.series == number]
        # Every row stands in one block or in a gap of one window's length, so no window crosses from one role to another.
        assert (mine[0].start, mine[-1].stop) == (0, count)
        assert all(later.start - earlier.stop == length for earlier, later in pairwise(mine))
        # train, a pair, train, a pair, ..., train, and the sides of the pairs alternate.
        pairs = (len(mine) - 1) // 3
        sides = [("validation", "test"), ("test", "validation")]
        expected = ["train"] + [role for p in range(pairs) for role in (*sides[(p + number) % 2], "train")]
        assert [block.role for block in mine] == expected
        for pair in range(pairs):
            first, second = mine[3 * pair + 1 : 3 * pair + 3]
            assert first.stop - first.start == second.stop - second.start >= length
        share = windows_of(mine, length)
        total = sum(share.values())
        assert share["validation"] == share["test"] >= 2
        assert 0.5 <= share["train"] / total <= 2 / 3
        assert total == strict_windows(count, length, pairs)
        assert pairs == 1 or 3 * total >= count - length + 1


@given(st.integers(1_000, 30_000), lengths)
def test_there_are_as_many_pairs_as_the_gaps_allow(rows: int, length: int) -> None:
    assume(rows >= strict_rows_needed(1, length))
    pairs = strict_pairs(rows, length)
    assert 1 <= pairs <= MOST_PAIRS
    more = strict_windows(rows, length, pairs + 1)
    assert pairs == MOST_PAIRS or 3 * more < rows - length + 1 or more < 8 * (pairs + 1)


@given(st.lists(st.integers(10, 500), min_size=8, max_size=80))
def test_of_many_series_whole_ones_are_held_out(rows: list[int]) -> None:
    blocks = strict_blocks(rows, 10)
    assert [(block.series, block.start, block.stop) for block in blocks] == [(i, 0, n) for i, n in enumerate(rows)]
    by_role = {role: [b for b in blocks if b.role == role] for role in ("train", "validation", "test")}
    assert len(by_role["validation"]) == len(by_role["test"])
    assert 0.5 <= len(by_role["train"]) / len(rows) <= 2 / 3
    # A longer series of a pair goes where fewer rows are, so the roles differ by one pair's difference at most.
    sums = {role: sum(block.stop for block in mine) for role, mine in by_role.items()}
    held = [block for block in blocks if block.role != "train"]
    pairs = list(zip(held[::2], held[1::2], strict=True))
    assert all(second.series == first.series + 1 for first, second in pairs)
    assert all({first.role, second.role} == {"validation", "test"} for first, second in pairs)
    assert abs(sums["validation"] - sums["test"]) <= max(abs(a.stop - b.stop) for a, b in pairs)


def test_fifty_subjects_alternate_and_cover_the_file() -> None:
    blocks = strict_blocks([200] * 50, 24)
    held = [block for block in blocks if block.role != "train"]
    assert [block.series for block in held] == [x for first in range(1, 50, 5) for x in (first, first + 1)]
    sides = [block.role for block in held[::2]]
    assert sides == ["validation", "test"] * 5
    assert windows_of(blocks, 24) == {"train": 30 * 177, "validation": 10 * 177, "test": 10 * 177}


@pytest.mark.parametrize("length", [24, 64, 128, 256])
@pytest.mark.parametrize("name", FILES)
def test_files_of_the_literature_fit_at_every_length(name: str, length: int) -> None:
    share = windows_of(strict_blocks([FILES[name]], length), length)
    assert share["validation"] == share["test"] >= 200
    assert 3 * sum(share.values()) >= FILES[name] - length + 1


@given(st.integers(10, 5_000), st.integers(1, 9))
def test_the_longest_length_is_the_last_that_fits(rows: int, series: int) -> None:
    longest = strict_longest(series, rows)
    assert strict_rows_needed(series, longest) <= rows < strict_rows_needed(series, longest + 1)


@given(st.integers(10, 5_000), lengths)
def test_one_row_less_than_needed_leaves_too_few_windows(rows: int, length: int) -> None:
    assume(rows < strict_rows_needed(1, length))
    # Four blocks and three gaps cannot hold two validation, two test and four training windows.
    assert rows - 3 * length - 4 * (length - 1) < 8


def test_a_hand_made_example() -> None:
    # 172 rows at length 24: blocks of 25 rows with 2 windows each, and three gaps of 24 rows.
    blocks = [(block.start, block.stop, block.role) for block in strict_blocks([172], 24)]
    assert blocks == [(0, 25, "train"), (49, 74, "validation"), (98, 123, "test"), (147, 172, "train")]
