"""The test scores of the best trial: computed once, after the last trial, against windows that chose nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmark.plan.request import Request
from benchmark.run.progress import LineDisplay
from benchmark.run.runner import Options, Runner
from benchmark.statistics import summarise
from benchmark.store.records import State
from benchmark.store.status import CellState
from benchmark.store.store import Store
from benchmark.sweep.loop import Sweep
from benchmark.sweep.tables import Record, best_trial
from benchmark.sweep.trial import plan_trial

TEST_SCORES = ("context_fid",)
"""The test scores of the best trial where `--scores` names none."""


def score_best(
    sweep: Sweep,
    trials: Sequence[Record],
    store: Store,
    options: Options,
    request: Request,
    write: Callable[[str], None],
) -> Mapping[str, Any]:
    """By test score its mean and half-width over training seeds, or the status and reason of the first seed without a value.

    Empty before the last trial and where test scores choose.
    """
    best = best_trial(sweep, trials)
    under_way = any(trial["state"] in ("running", "waiting") for trial in trials)
    if best is None or under_way or sweep.objective.is_test:
        return {}
    scores = sweep.spec.scores or TEST_SCORES
    plan = plan_trial(sweep.spec, sweep.objective, sweep.space.values(best["params"]), request, scores)
    write(f"trial {best['trial']} is the best: {', '.join(scores)} against the test windows")
    Runner(store, options, [LineDisplay(len(plan.cells), write)]).run(plan)
    states = [store.state(cell, scores) for cell in plan.cells]
    return {name: over_seeds(name, states) for name in scores}


def over_seeds(name: str, states: Sequence[CellState]) -> dict[str, Any]:
    """Mean, half-width, status and reason of one score over the states of cells that differ in the training seed."""
    lacking = next((state.of_score(name) for state in states if name not in state.scores), None)
    if lacking is not None:
        return {"mean": None, "half_width": None, "status": str(lacking.state), "reason": lacking.reason}
    summary = summarise([state.scores[name].mean for state in states])
    return {**summary._asdict(), "status": str(State.DONE), "reason": ""}
