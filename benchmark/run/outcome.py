"""How a cell stands after a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.plan.cell import Cell
from benchmark.store.records import PERMANENT_FAILURES, State
from benchmark.store.status import CellState


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
    status = state.status
    # A score that does not apply to these windows never will.
    inapplicable = status.state is State.SKIPPED and status.stage.startswith("score:")
    # A failed score says nothing about scores that were not asked for then.
    concerned = not status.stage.startswith("score:") or status.stage in missing
    if (status.state in PERMANENT_FAILURES or inapplicable) and concerned and not retry:
        return Outcome(cell, status.state, status.reason, status.stage)
    return None
