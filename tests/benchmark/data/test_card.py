"""Window counts, checks and cards."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.data import DATASETS, DatasetSpec, card, card_text, check, load_spec, load_windows, window_counts

LENGTHS = (24, 64, 128, 256)
COUNTS = {
    "sines": (10_000, 10_000, 10_000, 10_000),
    "stocks": (3_662, 3_622, 3_558, 3_430),
    "etth": (17_397, 17_357, 17_293, 17_165),
    "mujoco": (10_000, 10_000, 10_000, 10_000),
    "energy": (19_712, 19_672, 19_608, 19_480),
    "fmri": (9_977, 9_937, 9_873, 9_745),
}


@pytest.mark.parametrize("name", COUNTS)
def test_window_counts_are_the_published_ones(name: str) -> None:
    assert window_counts(load_spec(name)) == dict(zip(LENGTHS, COUNTS[name], strict=True))


def test_window_counts_within_subjects() -> None:
    assert window_counts(load_spec("fmri"), within=True) == dict(zip(LENGTHS, (8_850, 6_850, 3_650, 0), strict=True))


@pytest.mark.parametrize("name", ["stocks", "etth", "energy", "fmri"])
def test_the_files_give_the_counts(name: str, data_dir: Path) -> None:
    facts = check(load_spec(name), data_dir)
    assert facts["problem"] is None
    assert facts["checksum"] == "right"
    assert facts["windows"] == dict(zip(LENGTHS, COUNTS[name], strict=True))
    data = load_windows(load_spec(name), 64, "paper", data_dir=data_dir, seed_for_split=0)
    assert data.train.shape == (COUNTS[name][1], 64, facts["features"])
    assert (data.train.min(), data.train.max()) == (0, 1)


def test_the_subjects_of_fmri_give_their_counts(data_dir: Path) -> None:
    spec = load_spec("fmri").model_copy(update={"within_series": True})
    for length, count in ((24, 8_850), (128, 3_650)):
        data = load_windows(spec, length, "paper", data_dir=data_dir, limit=10, seed_for_split=0)
        assert data.train.shape == (10, length, 50)
        assert check(spec, data_dir)["windows"][length] == count


@pytest.mark.parametrize("name", DATASETS.names())
def test_a_card_works_without_the_file(name: str, no_data_folders: Path) -> None:
    facts = card(load_spec(name), None)
    assert json.loads(json.dumps(facts)) == facts
    assert facts["windows"] == {str(n): count for n, count in zip(LENGTHS, COUNTS[name], strict=True)}
    text = card_text(facts)
    assert f"{COUNTS[name][3]:,} at 256" in text
    assert facts["licence"] in text
    if not facts["generated"]:
        assert "Missing" in text
        assert f"data fetch {name}" in text


def test_a_card_tells_the_known_disagreements(no_data_folders: Path) -> None:
    assert "3,685 (the papers say 3,773)" in card_text(card(load_spec("stocks"), None))
    energy = card_text(card(load_spec("energy"), None))
    assert "19,711 is the window count of TimeGAN's loader" in energy
    assert "score predictive: The score predicts the last feature, rv2" in energy
    assert "8,850 at 24, 6,850 at 64, 3,650 at 128, 0 at 256" in card_text(card(load_spec("fmri"), None))


def test_a_card_shows_ranges_where_the_file_is_here(data_dir: Path) -> None:
    facts = card(load_spec("etth"), data_dir)
    assert facts["path"] == str(data_dir / "ETTh1.csv")
    rows = np.genfromtxt(data_dir / "ETTh1.csv", delimiter=",", skip_header=1, usecols=7)
    assert facts["ranges"]["OT"] == [rows.min(), rows.max()]
    assert f"OT    {rows.min():.6g} to {rows.max():.6g}" in card_text(facts)


def test_a_card_of_ones_own_file(own: Callable[..., DatasetSpec]) -> None:
    facts = card(own("s,a\n" + "x,1\n" * 30 + "y,2\n" * 70, series_column="s"), None)
    assert (facts["rows"], facts["series"], facts["features"]) == (100, 2, 1)
    assert facts["windows"] == {"24": 7 + 47, "64": 7, "128": 0, "256": 0}
    assert len(facts["sha256"]) == 64
    stack = card(own(np.ones((5, 48, 2)), "w.npy"), None)
    assert stack["windows"] == {"48": 5}
    assert stack["ranges"] == {"feature_1": [1, 1], "feature_2": [1, 1]}


def test_a_check_says_what_is_wrong(own: Callable[..., DatasetSpec], no_data_folders: Path) -> None:
    absent = check(load_spec("stocks"), None)
    assert not absent["present"]
    assert "data fetch stocks" in absent["problem"]
    wrong = check(own("a\n1\n", sha256="0" * 64), None)
    assert wrong["present"]
    assert wrong["checksum"] == "wrong"
    assert "SHA-256" in wrong["problem"]
    bad = check(own("a\n1\nx\n"), None)
    assert bad["checksum"] is None
    assert "line 3" in bad["problem"]
    assert check(load_spec("sines"), None)["windows"][24] == 10_000
