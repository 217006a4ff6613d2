from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmark.sweep.trial import PRUNING_STEPS, Pruned, PruningObserver

STEPS = 100


def observe(
    folder: Path, metrics: tuple[str, ...], entries: list[dict[str, Any]], worse_than: float = 9.0
) -> list[Any]:
    """What is reported of a log, entry by entry, of a training that is pruned beyond a value."""
    seen: list[Any] = []

    def report(value: float, step: int) -> bool:
        seen.append((value, step))
        return value > worse_than

    store: Any = SimpleNamespace(cell=lambda cell: SimpleNamespace(path=folder))
    cell: Any = SimpleNamespace(key="k")
    observer = PruningObserver([cell], print, store, metrics, report)
    with (folder / "log.jsonl").open("w") as log:
        for entry in entries:
            log.write(json.dumps(entry) + "\n")
            log.flush()
            event: Any = SimpleNamespace(stage=entry["stage"], total=STEPS)
            observer.progressed(cell, event)
    return seen


def entries(stage: str, **metrics: float) -> list[dict[str, Any]]:
    return [{"stage": stage, "step": step, **metrics} for step in (0, 40, 80)]


def test_the_validation_metric_comes_before_the_loss(tmp_path: Path) -> None:
    log = [*entries("one", loss=1.0, validation=2.0), *entries("two", loss=3.0, validation=4.0)]
    assert observe(tmp_path, ("validation", "loss"), log) == [
        (2.0, 2 * PRUNING_STEPS // 5),
        (2.0, 4 * PRUNING_STEPS // 5),
    ]


def test_without_a_validation_metric_the_loss_is_observed(tmp_path: Path) -> None:
    assert observe(tmp_path, ("validation", "loss"), entries("one", loss=1.0))[0] == (1.0, 2 * PRUNING_STEPS // 5)


def test_a_stage_may_be_named(tmp_path: Path) -> None:
    log = [*entries("one", loss=1.0), *entries("two", loss=3.0)]
    assert {value for value, _ in observe(tmp_path, ("two:loss",), log)} == {3.0}


def test_a_training_is_pruned_when_the_pruner_says_so(tmp_path: Path) -> None:
    with pytest.raises(Pruned, match="validation 12 at 40 % of one"):
        observe(tmp_path, ("validation",), entries("one", validation=12.0))


def test_the_first_cell_of_the_plan_is_observed_whichever_logs_first(tmp_path: Path) -> None:
    seen: list[Any] = []
    cells: list[Any] = [SimpleNamespace(key=key) for key in ("first", "second")]
    for cell, loss in zip(cells, (1.0, 9.0), strict=True):
        (tmp_path / cell.key).mkdir()
        (tmp_path / cell.key / "log.jsonl").write_text(json.dumps({"stage": "one", "step": 50, "loss": loss}) + "\n")
    store: Any = SimpleNamespace(cell=lambda cell: SimpleNamespace(path=tmp_path / cell.key))
    observer = PruningObserver(cells, print, store, ("loss",), lambda value, step: bool(seen.append(value)))
    event: Any = SimpleNamespace(stage="one", total=STEPS)
    for cell in reversed(cells):
        observer.progressed(cell, event)
    assert seen == [1.0]
