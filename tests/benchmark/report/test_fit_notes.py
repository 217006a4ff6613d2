"""Warnings of fits and likelihoods of token models stand below a table, by cell and by setting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.html_report.content import of_frame
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.report.fit_notes import LIKELIHOODS, LIKELIHOODS_ARE, fit_notes, likelihood_text
from benchmark.report.frame import COLUMNS, cell_columns
from benchmark.report.kept_frame import frame_tables, read_frame
from benchmark.store.records import Provenance
from tests.benchmark.report.table_frames import rows

TITLES = {"stocks": "Stocks", "sines": ""}
KNOWN = {
    "train_nats": 14.0,
    "validation_nats": float("nan"),
    "uniform_nats": 8.2,
    "repeated_share": 0.034,
    "duplicate_share": 0.0,
}


def frame(*parts: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame([row for part in parts for row in part], columns=list(COLUMNS))


def test_a_warning_stands_once_a_cell_with_its_setting() -> None:
    made = frame(rows("mine", "stocks", [0.1, 0.2], warnings="It collapsed."), rows("other", "stocks", [0.1]))
    assert fit_notes(made, TITLES) == ["Warning, Mine on Stocks 24: It collapsed."]


def test_the_training_seed_is_told_where_there_are_several() -> None:
    second = rows("mine", "sines", [0.1], seed=1, cell="mine-1", warnings="It collapsed.")
    assert fit_notes(frame(rows("mine", "sines", [0.1]), second), TITLES) == [
        "Warning, Mine on sines 24, training seed 1: It collapsed."
    ]


def test_likelihoods_are_one_note_of_means_over_training_seeds() -> None:
    second = rows(
        "mine", "stocks", [0.1], seed=1, cell="mine-1", **{**KNOWN, "train_nats": 16.0, "repeated_share": 0.0}
    )
    made = frame(rows("mine", "stocks", [0.1, 0.3], **KNOWN), second, rows("gan", "stocks", [0.1]))
    assert fit_notes(made, TITLES) == [f"{LIKELIHOODS_ARE} Mine on Stocks 24 15.0 (8.2), 1.7 % (0 %)."]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"validation_nats": 271.04}, "validation 271.0"),
        ({"repeated_share": 0.0009}, "all tokens of a training window < 0.1 %"),
        ({"repeated_share": 1.0}, "all tokens of a training window 100.0 %"),
    ],
)
def test_likelihoods_in_words(changes: dict[str, float], words: str) -> None:
    assert words in likelihood_text(pd.Series({**KNOWN, **changes}))
    assert "validation" not in likelihood_text(pd.Series(KNOWN))


def test_a_fit_without_validation_windows_has_words_too() -> None:
    (cell,) = make_plan(
        SuiteSpec(name="x", datasets=("sines",), generators=("copy",), scores=("dcr_ratio",)), Request()
    ).cells
    live = pd.DataFrame([cell_columns(cell, Provenance(), {"train_nats": 14.0, "uniform_nats": 9.2})])
    assert likelihood_text(live.iloc[0][list(LIKELIHOODS)]) == "training 14.0, uniform draw of training windows 9.2"


def test_a_kept_frame_says_what_its_fits_reported(tmp_path: Path) -> None:
    made = frame(rows("timevae", "stocks", [0.1, 0.2], warnings="It collapsed.", **KNOWN))
    made.to_csv(tmp_path / "results.csv", index=False)
    again = read_frame(tmp_path / "results.csv")
    notes = frame_tables(again)[0].notes
    assert notes[0] == "Warning, Timevae on Stocks 24: It collapsed."
    assert "Timevae on Stocks 24 14.0 (8.2), 3.4 % (0 %)" in notes[1]
    part = of_frame(again, "Kept").parts[0]
    assert part.likelihoods is not None
    texts = [text.text for text in part.likelihoods.lines[0].texts]
    assert texts == ["Timevae", "Stocks 24", "14.0", "", "8.2", "3.4 %", "0 %"]
    assert part.warned[0].warning == "It collapsed."
    assert "training 14.0" in dict(part.cards[0].facts)["Likelihood, nats a window"]


def test_frames_kept_before_these_columns_have_no_notes(tmp_path: Path) -> None:
    made = frame(rows("timevae", "stocks", [0.1, 0.2]))
    made.drop(columns=["warnings", *LIKELIHOODS]).to_csv(tmp_path / "results.csv", index=False)
    assert frame_tables(read_frame(tmp_path / "results.csv"))[0].notes == ()


def test_what_is_not_known_is_left_out_and_broken_lines_are_joined(tmp_path: Path) -> None:
    known = {"train_nats": 14.0, "uniform_nats": 8.2, "repeated_share": 0.4}
    made = frame(rows("timevae", "stocks", [0.1], warnings="first\nsecond", **known))
    made.to_csv(tmp_path / "results.csv", index=False)
    notes = frame_tables(read_frame(tmp_path / "results.csv"))[0].notes
    assert notes[0].endswith("first second")
    assert notes[1].endswith("Timevae on Stocks 24 14.0 (8.2), 40.0 %.")
    assert "nan" not in likelihood_text(pd.Series({**dict.fromkeys(LIKELIHOODS, float("nan")), "train_nats": 5.0}))


def test_a_note_holds_validation_windows_where_they_were_measured() -> None:
    made = frame(rows("mine", "stocks", [0.1], **{**KNOWN, "validation_nats": 271.04}))
    assert fit_notes(made, TITLES)[0].endswith("Mine on Stocks 24 14.0 (8.2), validation 271.0, 3.4 % (0 %).")
