"""How a cell stands after a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.plan.cell import Cell
from benchmark.store.records import PERMANENT_FAILURES, State, most_severe
from benchmark.store.status import METRIC_STAGE, CellState


@dataclass(frozen=True)
class Outcome:
    """How a cell stands after a run."""

    cell: Cell
    state: State
    reason: str = ""
    stage: str = ""
    computed: bool = False

    @property
    def failed(self) -> bool:
        """Whether the cell has no results that it could have."""
        return self.state not in (State.DONE, State.SKIPPED)


def settled(cell: Cell, state: CellState, missing: Sequence[str], *, retry: bool) -> Outcome | None:
    """The outcome of a cell that needs no worker: finished, impossible here, or failed in a way that would only repeat."""
    if not missing:
        return Outcome(cell, State.DONE)
    if cell.skip:
        return Outcome(cell, State.SKIPPED, cell.skip, "data")
    if retry:
        return None
    status = state.status
    if status.state in PERMANENT_FAILURES and not status.stage.startswith(METRIC_STAGE):
        return Outcome(cell, status.state, status.reason, status.stage)
    endings = {stage: ending for stage in missing if (ending := status.ending(stage)) is not None and ending.is_final}
    if len(endings) < len(missing):
        return None
    stage, ending = most_severe(endings)
    return Outcome(cell, ending.state, ending.reason, stage)
