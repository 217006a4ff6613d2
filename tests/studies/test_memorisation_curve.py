"""The kept curve of memorisation: what the page shows is what is kept, and the likelihoods are possible ones."""

from __future__ import annotations

import math
from pathlib import Path

from tests.studies.memorisation_curve import draw
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


def test_the_page_shows_every_kept_step() -> None:
    page = (ROOT / "docs" / "measurements.md").read_text(encoding="utf-8")
    for step in steps():
        found = read(KEPT)["results"][str(step)]
        row = next(line for line in page.splitlines() if line.startswith(f"| {step:,} | {found['context_fid']:.3f} |"))
        assert (
            f"| {found['training_nats']:.2f} | {found['validation_nats']:.0f} | {found['shared_prefixes']:.2f} |" in row
        )


def test_the_figure_is_drawn_from_what_is_kept(tmp_path: Path) -> None:
    draw(read(KEPT)["results"], tmp_path / "curve.png", 0.001)
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
