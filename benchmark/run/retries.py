"""Which failures of a run are tried again in it, and after which ones a generator's other cells wait."""

from __future__ import annotations

import re
from collections import Counter

from benchmark.plan.cell import Cell
from benchmark.run.outcome import Outcome
from benchmark.store.records import State


class Retries:
    """A lost worker is tried again once, and so is one without memory where others shared the machine: then alone.

    A failure that another attempt would repeat is never tried again.
    """

    def __init__(self, workers: int) -> None:
        self.shared = workers > 1
        self.tried: set[str] = set()
        self.alone: set[str] = set()
        """The keys of cells that need the machine to themselves."""

    def again(self, outcome: Outcome, *, exceeded: bool) -> bool:
        """Whether a cell is tried again; not where it was ended for a limit of its own."""
        key = outcome.cell.key
        crowded = outcome.state is State.OUT_OF_MEMORY and self.shared
        if exceeded or key in self.tried or not (outcome.state is State.KILLED or crowded):
            return False
        self.tried.add(key)
        if crowded:
            self.alone.add(key)
        return True


class Repeated:
    """Counts equal failures of each generator; after `most` of them its other cells wait. None counts nothing."""

    def __init__(self, most: int | None) -> None:
        self.most = most
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self.stopped: dict[str, str] = {}

    def count(self, outcome: Outcome) -> None:
        """Take note of how a cell ended; numbers in a reason make no other failure."""
        if not outcome.failed or outcome.state is State.INTERRUPTED:
            return
        same = (outcome.cell.generator, outcome.stage, re.sub(r"\d+", "#", outcome.reason))
        self.counts[same] += 1
        if self.most is not None and self.counts[same] >= self.most:
            self.stopped.setdefault(outcome.cell.generator, outcome.reason)

    def waits(self, cell: Cell) -> Outcome | None:
        """The outcome of a cell whose generator has failed too often; None for any other."""
        if cell.generator not in self.stopped:
            return None
        reason = self.stopped[cell.generator]
        return Outcome(
            cell, State.MISSING, f"not started after {self.most} equal failures of {cell.generator}: {reason}"
        )
