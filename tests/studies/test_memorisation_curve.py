"""The kept curve of memorisation: what the page shows is what is kept, and the likelihoods are possible ones."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.studies.memorisation_curve import draw, table_of
from tests.studies.record import MEASURED, ROOT, read

KEPT = MEASURED / "memorisation_curve" / "stocks-strict-fast.json"


def steps() -> list[int]:
    return sorted(int(key) for key in read(KEPT)["results"] if key.isdigit())


def test_no_training_window_is_cheaper_than_in_a_table_of_all() -> None:
    results = read(KEPT)["results"]
    windows = results["controls"]["windows"]
    assert math.isclose(windows["log"], math.log(windows["training"]))
    nats = [results[str(step)]["training_nats"] for step in steps()]
    assert all(value > windows["log"] for value in nats)
    assert all(results[str(step)]["validation_nats"] > 20 * windows["log"] for step in steps())


@pytest.mark.parametrize("path", sorted(KEPT.parent.glob("*.json")), ids=lambda path: path.stem)
def test_the_page_shows_the_table_and_the_figure_of_what_is_kept(path: Path) -> None:
    page = (ROOT / "docs" / "measurements.md").read_text(encoding="utf-8")
    assert table_of(read(path)["results"]) in page
    assert f"memorisation_curve/{path.stem}.png" in page


def test_the_figure_is_drawn_from_what_is_kept(tmp_path: Path) -> None:
    draw(read(KEPT)["results"], tmp_path / "curve.png", 0.001)
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
