"""Counting windows and cutting series into blocks, for any sizes."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from benchmark.data.split import count_windows, strict_blocks, strict_rows_needed

lengths = st.integers(2, 300)


@given(st.lists(st.integers(1, 400), max_size=5), st.integers(1, 80), st.integers(1, 9))
def test_windows_are_counted_as_if_one_by_one(rows: list[int], length: int, stride: int) -> None:
    one_by_one = sum(1 for count in rows for start in range(0, count, stride) if start + length <= count)
    assert count_windows(rows, length, stride) == one_by_one


@given(st.data(), lengths, st.integers(1, 7))
def test_few_series_are_split_in_time(data: st.DataObject, length: int, series: int) -> None:
    needed = strict_rows_needed(series, length)
    assert needed == 5 * length + 1
    rows = data.draw(st.lists(st.integers(needed, 30_000), min_size=series, max_size=series))
    blocks = strict_blocks(rows, length)
    for number, count in enumerate(rows):
        mine = [block for block in blocks if block.series == number]
        assert mine[0].start == 0
        assert mine[-1].stop == count
        assert [block.held_out for block in mine] == [place % 2 == 1 for place in range(len(mine))]
        assert len(mine) % 2 == 1
        assert len(mine) >= 3
        assert all(later.start - earlier.stop == length for earlier, later in pairwise(mine))
        assert all(block.stop - block.start >= length for block in mine)
        held = count_windows([b.stop - b.start for b in mine if b.held_out], length)
        trained = count_windows([b.stop - b.start for b in mine if not b.held_out], length)
        assert 0.2 <= held / (held + trained) <= 0.34
        if len(mine) > 3:
            assert 3 * (held + trained) >= count - length + 1


@given(st.lists(st.integers(10, 500), min_size=8, max_size=80))
def test_of_many_series_whole_ones_are_held_out(rows: list[int]) -> None:
    blocks = strict_blocks(rows, 10)
    assert [(block.start, block.stop) for block in blocks] == [(0, count) for count in rows]
    assert 0.15 <= sum(block.held_out for block in blocks) / len(rows) <= 0.3


@given(st.integers(10, 5_000), lengths)
def test_one_row_less_than_needed_leaves_no_quarter(rows: int, length: int) -> None:
    assume(rows < strict_rows_needed(1, length))
    # Three blocks and two gaps cannot hold three training windows and a held-out one.
    assert rows - 2 * length - 3 * (length - 1) < 4


def test_a_hand_made_example() -> None:
    # 121 rows at length 24: blocks of 25, 24 and 24 rows with 2, 1 and 1 windows, and two gaps of 24 rows.
    blocks = [(block.start, block.stop, block.held_out) for block in strict_blocks([121], 24)]
    assert blocks == [(0, 25, False), (49, 73, True), (97, 121, False)]
