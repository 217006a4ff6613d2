"""What is told of the test scores of a sweep's best trial."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from benchmark.store.records import State, Status
from benchmark.sweep.best import over_seeds, score_best
from benchmark.sweep.command import score_text


def state(**means: float) -> Any:
    failed = Status(state=State.FAILED, reason="no blocks", stage="score:block_c2st")
    return SimpleNamespace(
        scores={name: SimpleNamespace(mean=mean) for name, mean in means.items()}, of_score=lambda name: failed
    )


def test_a_score_is_a_mean_over_training_seeds() -> None:
    found = over_seeds("context_fid", [state(context_fid=0.1), state(context_fid=0.3)])
    assert (found["mean"], found["status"], found["reason"]) == (pytest.approx(0.2), "done", "")
    assert score_text(found) == f"0.2 ± {found['half_width']:.2g}"


def test_a_score_that_a_training_seed_lacks_has_its_status_and_reason() -> None:
    found = over_seeds("block_c2st", [state(block_c2st=0.1), state()])
    assert found == {"mean": None, "half_width": None, "status": "failed", "reason": "no blocks"}
    assert score_text(found) == "failed: no blocks"


@pytest.mark.parametrize(("last", "is_test"), [("done", True), ("running", False), ("waiting", False)])
def test_nothing_is_scored_before_the_last_trial_or_where_test_scores_chose(last: str, is_test: bool) -> None:
    sweep: Any = SimpleNamespace(objective=SimpleNamespace(is_test=is_test, maximise=False))
    trials = [{"trial": 0, "state": "done", "value": 0.1}, {"trial": 1, "state": last, "value": None}]
    nothing: Any = None
    assert score_best(sweep, trials, nothing, nothing, nothing, nothing) == {}
