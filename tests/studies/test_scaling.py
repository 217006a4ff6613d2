from __future__ import annotations

import pytest

from tests.studies.scaling import OVERHEAD_SECONDS, makespan, recorded_seconds, replay


def test_each_worker_takes_the_longest_cell_that_waits() -> None:
    # Graham's example: the best order takes 6.
    assert makespan([2, 3, 2, 3, 2], 2) == 7
    assert makespan([5], 10) == 5
    assert makespan([1, 2, 3], 1) == 6


def test_efficiency_falls_once_the_longest_cell_is_the_bottleneck() -> None:
    long = 10 - OVERHEAD_SECONDS
    two, many = replay([long, long], 2), replay([long, long], 8)
    assert (two["wall_seconds"], two["efficiency"]) == (10, 1)
    assert (many["wall_seconds"], many["efficiency"], many["least_wall_seconds"]) == (10, 0.25, 10)


def test_every_kept_frame_adds_its_cells() -> None:
    seconds = recorded_seconds()
    assert len(seconds) > 80
    assert min(seconds) >= 0
    assert sum(seconds) == pytest.approx(replay(seconds, 1)["wall_seconds"] - OVERHEAD_SECONDS * len(seconds), abs=1)
