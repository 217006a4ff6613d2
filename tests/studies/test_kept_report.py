"""What the page of measured results shows is what is kept."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.studies import coverage, kept_scores
from tests.studies.kept_report import FRAMES, counts, figure_2, kept
from tests.studies.record import MEASURED


@pytest.mark.parametrize("name", ["ablation_stocks_fast", "ablation_etth_fast"])
def test_frames_of_kept_scores_are_up_to_date(name: str) -> None:
    assert (MEASURED / name / "results.csv").read_text(encoding="utf-8") == kept_scores.frame(MEASURED / name).to_csv(
        index=False
    )


def test_the_counts_on_the_page_are_those_of_the_frames() -> None:
    page = (MEASURED / "README.md").read_text(encoding="utf-8")
    shown = page.partition("<!-- coverage -->")[2].partition("<!-- end coverage -->")[0].strip()
    assert shown == counts(kept())


def test_figure_2_has_the_kept_models_on_energy(tmp_path: Path) -> None:
    frame = kept()
    here = frame[(frame["dataset"] == "energy") & (frame["size_class"] != "control") & frame["parameters"].notna()]
    assert here["title"].nunique() >= 2
    assert sorted(path.suffix for path in figure_2(frame, tmp_path)) == [".pdf", ".png"]


def test_every_published_table_is_counted_and_a_measured_value_has_a_verdict() -> None:
    measured = {("context_fid", "stocks", 24, "timemar_s"): "tie", ("context_fid", "stocks", 24, "nobody"): "worse"}
    rows = {row[0]: row[1:] for row in coverage.rows(measured)}
    assert list(rows) == ["1", "2", "3", "6", "8", "9", "10"]
    assert rows["1"] == ["108", "1", "0", "1", "0", "0"]
    assert rows["9"] == ["54", "0", "0", "0", "0", "0"]


def test_a_frame_that_stands_first_counts() -> None:
    frame = kept()
    stocks = frame[
        (frame["generator"] == "timemar_s") & (frame["dataset"] == "stocks") & (frame["protocol"] == "paper")
    ]
    first = pd.read_csv(FRAMES[0])
    wanted = first.loc[(first["generator"] == "timemar_s") & (first["dataset"] == "stocks"), "cell"].unique()
    assert set(stocks["cell"]) == set(wanted)
    for score in ("context_fid", "discriminative", "spectral"):
        assert set(stocks.loc[stocks["metric"] == score, "seed"]) == {0, 1, 2}
