"""The study of what a perfect generator and a copier score in Context-FID."""

from __future__ import annotations

import numpy as np
import pytest

from tests.studies.context_fid_floor import HALVINGS, distances, slope, summary, three_sets


def test_three_sets_share_no_window() -> None:
    for seed in (0, 1):
        sets = three_sets("sines", None, seed)
        windows = np.concatenate(sets)
        assert len({window.tobytes() for window in windows}) == len(windows) == 3 * len(sets[0])


def test_a_copier_is_nearer_than_new_points_and_both_fall_with_their_number() -> None:
    a, b = (np.random.default_rng(seed).standard_normal((1600, 8)) for seed in (0, 1))
    found = distances(a, b, seed=0)
    assert list(found["perfect"]) == list(found["copier"]) == ["1600", "800", "400", "200", "100"]
    assert len(found["perfect"]) == HALVINGS + 1
    for kind in ("perfect", "copier"):
        assert slope({n: [value] for n, value in found[kind].items()}) == pytest.approx(-1, abs=0.35)
    assert found["copier"]["1600"] < found["perfect"]["1600"]


def test_the_table_holds_means_stds_and_the_slope() -> None:
    falling = {str(n): 8 / n for n in (16, 8, 4, 2, 1)}
    one = {encoder: {"perfect": falling, "copier": falling} for encoder in ("reference", "unseen")}
    rows = summary([one, one])
    assert rows[0] == ["Perfect generator", "A (the score)", "16", "0.5000 ± 0.0000", "1.0000", "2.0000", "-1.00"]
    assert [row[:2] for row in rows[1:]] == [
        ["Copier", "A (the score)"],
        ["Perfect generator", "C (neither)"],
        ["Copier", "C (neither)"],
    ]
