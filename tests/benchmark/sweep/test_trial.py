from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmark.sweep.trial import RUNGS, Follower, Pruned

STEPS = 100


def follow(folder: Path, figures: tuple[str, ...], entries: list[dict[str, Any]], worse_than: float = 9.0) -> list[Any]:
    """What a follower reports of a log, entry by entry, of a training that is given up beyond a value."""
    seen: list[Any] = []

    def report(value: float, rung: int) -> bool:
        seen.append((value, rung))
        return value > worse_than

    store: Any = SimpleNamespace(cell=lambda cell: SimpleNamespace(path=folder))
    cell: Any = SimpleNamespace(key="k")
    follower = Follower(figures, store, report)
    with (folder / "log.jsonl").open("w") as log:
        for entry in entries:
            log.write(json.dumps(entry) + "\n")
            log.flush()
            event: Any = SimpleNamespace(stage=entry["stage"], total=STEPS)
            follower(cell, event)
    return seen


def entries(stage: str, **figures: float) -> list[dict[str, Any]]:
    return [{"stage": stage, "step": step, **figures} for step in (0, 40, 80)]


def test_the_held_out_figure_comes_before_the_loss(tmp_path: Path) -> None:
    log = [*entries("one", loss=1.0, held_out=2.0), *entries("two", loss=3.0, held_out=4.0)]
    assert follow(tmp_path, ("held_out", "loss"), log) == [(2.0, 2 * RUNGS // 5), (2.0, 4 * RUNGS // 5)]


def test_without_a_held_out_figure_the_loss_is_followed(tmp_path: Path) -> None:
    assert follow(tmp_path, ("held_out", "loss"), entries("one", loss=1.0))[0] == (1.0, 2 * RUNGS // 5)


def test_a_stage_may_be_named(tmp_path: Path) -> None:
    log = [*entries("one", loss=1.0), *entries("two", loss=3.0)]
    assert {value for value, _ in follow(tmp_path, ("two:loss",), log)} == {3.0}


def test_a_training_is_given_up_when_the_pruner_says_so(tmp_path: Path) -> None:
    with pytest.raises(Pruned, match="held_out 12 at 40 % of one"):
        follow(tmp_path, ("held_out",), entries("one", held_out=12.0))
