from __future__ import annotations

import pandas as pd

from benchmark.plots.origin import Origin, frame_origin

ONE, OTHER = "1" * 40, "2" * 40


def test_a_frames_origin_is_that_of_its_finished_rows() -> None:
    rows = [
        {"status": "done", "budget": "smoke", "protocol": "paper", "seed": 1, "commit": OTHER, "dirty": True},
        {"status": "done", "budget": "smoke", "protocol": "paper", "seed": 0, "commit": ONE, "dirty": False},
        {"status": "done", "budget": "smoke", "protocol": "paper", "seed": 0, "commit": None, "dirty": None},
        {"status": "failed", "budget": "fast", "protocol": "paper", "seed": 7, "commit": "3" * 40, "dirty": False},
    ]
    found = frame_origin(pd.DataFrame(rows))
    assert found == Origin(("smoke",), ("paper",), (0, 1), (ONE, f"{OTHER} (changed tree)"))
    assert found.small_print() == (
        "budget smoke, protocol paper, training seed 0, 1, commit 1111111111, 2222222222 (changed tree)"
    )
    assert found.metadata()["Commit"] == f"{ONE}, {OTHER} (changed tree)"


def test_origins_of_several_cells_are_joined_and_many_commits_are_counted() -> None:
    several = Origin(("fast",), ("paper",), (2,), (ONE,)) | Origin(("fast",), ("strict",), (0,), (ONE, OTHER))
    assert several == Origin(("fast",), ("paper", "strict"), (0, 2), (ONE, OTHER))
    many = Origin(commits=tuple(str(number) * 40 for number in range(5)))
    assert many.small_print() == "commit 0000000000, 1111111111, 2222222222 and 2 more"


def test_what_is_not_known_is_not_said() -> None:
    assert Origin().small_print() == ""
    assert Origin().metadata() == {}
