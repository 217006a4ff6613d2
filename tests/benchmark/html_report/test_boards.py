from __future__ import annotations

import math

import pytest

from benchmark.html_report.content import of_frame
from tests.benchmark.html_report.frames import HOSTILE, frame, mixed_content, rows


def test_a_leaderboard_has_every_generator_once_with_the_best_first_and_controls_last() -> None:
    part = mixed_content().parts[0]
    assert [board.setting for board in part.boards] == ["Stocks, length 24", "Sines, length 24"]
    assert [(row.title, row.control) for row in part.boards[0].rows] == [
        ("Timemar_S", False), ("Timevae", False), (HOSTILE, False), ("Cotgan", False), ("Copy", True), ("Oracle", True),
    ]  # fmt: skip
    assert [row.title for row in part.boards[1].rows][-3:] == [HOSTILE, "Copy", "Oracle"], "Cotgan has no cell on Sines"


def test_rows_are_sorted_by_the_distance_from_the_ideal_and_costs_by_themselves() -> None:
    board = mixed_content().parts[0].boards[0]
    row = next(row for row in board.rows if row.title == "Timevae")
    found = {head.title: entry.order for head, entry in zip(board.heads, row.entries, strict=True)}
    assert found["Context-FID ↓"] == pytest.approx(0.21)
    assert found["DCR ratio"] == pytest.approx(0.4), "1.4 beside the ideal 1"
    assert found["Training time (s)"] == 50.0
    assert [head.cost for head in board.heads] == [False, False, True, True, True, True]


def test_a_missing_value_shows_its_status_and_reason_and_has_no_order() -> None:
    board = mixed_content().parts[0].boards[0]
    entry = next(row for row in board.rows if row.title == "Cotgan").entries[0]
    assert (entry.text, entry.order) == ("diverged", None)
    assert entry.reason.startswith("ValueError: 50 %")


def test_marks_letters_floors_and_links_of_a_row() -> None:
    part = mixed_content().parts[0]
    board = part.boards[0]
    best = board.rows[0]
    assert best.entries[0].mark == "best"
    # Three repetitions far apart: each generator differs from the others.
    assert [row.entries[0].groups for row in board.rows[:3]] == ["a", "b", "c"]
    assert [row.entries[0].groups for row in board.rows[3:]] == ["", "", ""]
    assert board.floors[0] == "0.0043", "the oracle's mean"
    slugs = {card.id: card.slug for card in part.cards}
    assert [slugs[cell] for cell in best.cells] == ["stocks-24-timemar_s-paper-fast-s0"]


def test_several_training_seeds_are_one_row_that_links_to_each_cell() -> None:
    several = frame(*(rows("timevae", [0.2 + seed / 10, 0.21], seed=seed) for seed in range(3)))
    row = of_frame(several, "A test").parts[0].boards[0].rows[0]
    assert len(row.cells) == 3


def test_published_values_stand_beside_measured_ones_with_difference_and_verdict() -> None:
    part = mixed_content().parts[0]
    one = next(row for row in part.published if row.title == "Timemar_S" and row.setting == "Stocks, length 24")
    # Table 1 of the paper: a Context-FID of 0.001 ± 0.000; t(0.975, 2) = 4.303, s = 0.001.
    assert (one.measured, one.published, one.verdict) == ("0.0110 ± 0.0025", "0.001", "worse")
    assert one.difference == f"+0.0100 ± {4.303 * 0.001 / math.sqrt(3):.4f}"
    assert sum(count for _, count in part.verdicts) == len(part.published)


def test_floors_margins_and_controls_of_every_score_in_every_setting() -> None:
    part = mixed_content().parts[0]
    assert part.controls == ("Oracle", "Copy")
    assert len(part.noises) == 4
    assert (part.noises[0].score, part.noises[0].floor, part.noises[0].margin) == ("Context-FID ↓", "0.0043", "0.0043")
    assert part.noises[0].values[1] == "0.0010 ± 0.0000"
