"""How long a run still takes: by what is known beforehand of each stage, then by what this run itself has measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmark.plan.cell import Cell
from benchmark.plan.score_name import ScoreName
from benchmark.store.history import duration

Expected = Callable[[Cell, str], float | None]
"""Seconds that a stage of a cell will take; None where nothing tells."""
Like = tuple[str, str]
"""Stages that take about equally long for their size: of one generator, or one score of any."""


@dataclass
class _Part:
    """What runs inside a stage, such as one of the networks that a fit trains: its first step seen and its last."""

    name: str
    began: float
    first: int
    step: int
    total: int

    def left(self, now: float) -> float | None:
        """Seconds left at the measured speed; None before there is one."""
        done = self.step - self.first
        return (now - self.began) * (self.total - self.step) / done if done > 0 else None


@dataclass
class _Work:
    """A cell that is not finished: its stages with their expected seconds, and which one runs since when."""

    cell: Cell
    stages: list[tuple[str, float | None]]
    began: float | None = None
    place: int = 0
    part: _Part | None = None


@dataclass
class Remaining:
    """The time left of a run of `workers` cells at a time; fed by the run's events, read at any moment.

    A stage counts with the seconds that `expected` gives until this run has finished one like it; then with those times the
    median of measured over expected. A running stage counts with its measured speed where it reports steps.
    """

    expected: Expected
    workers: int
    clock: Callable[[], float] = time.monotonic
    _work: dict[str, _Work] = field(default_factory=dict)
    _measured: dict[Like, list[tuple[float, float | None]]] = field(default_factory=dict)

    def plan(self, cell: Cell, stages: Sequence[str]) -> None:
        """A cell with its unfinished stages, in their order."""
        self._work[cell.key] = _Work(cell, [(stage, self.expected(cell, stage)) for stage in stages])

    def start(self, cell: Cell, stages: Sequence[str]) -> None:
        """A worker begins with a cell."""
        if cell.key not in self._work:
            self.plan(cell, stages)
        work = self._work[cell.key]
        work.began, work.place, work.part = self.clock(), 0, None

    def progress(self, cell: Cell, name: str, step: int, total: int) -> None:
        """A stage, or a part of one such as a network of a fit, is at `step` of `total`."""
        work = self._work[cell.key]
        now = self.clock()
        names = [stage for stage, _ in work.stages]
        # Preparing a score belongs to the score; a fit calls its parts by names of its own.
        stage = name.replace("prepare:", "score:", 1)
        place = names.index(stage) if stage in names else work.place
        if place > work.place:
            self._finished(work, place, now)
        if work.part is None or work.part.name != name or step < work.part.step:
            work.part = _Part(name, now, step, step, total)
        work.part.step, work.part.total = step, total

    def end(self, cell: Cell, *, computed: bool) -> None:
        """A cell is finished, or has failed."""
        work = self._work.pop(cell.key, None)
        if work and work.began is not None and computed:
            self._finished(work, len(work.stages), self.clock())

    def _finished(self, work: _Work, place: int, now: float) -> None:
        """Stages up to `place` are finished; those that reported nothing share the time in proportion to what was expected."""
        passed = work.stages[work.place : place]
        spent = now - (now if work.began is None else work.began)
        whole = sum(seconds or 0.0 for _, seconds in passed)
        for stage, seconds in passed:
            share = (seconds or 0.0) / whole if whole else 1 / len(passed)
            self._measured.setdefault(_like(work.cell, stage), []).append((spent * share, seconds))
        work.place, work.began, work.part = place, now, None

    def cell_seconds(self, cell: Cell) -> float | None:
        """Seconds left of one cell; None where that of one of its stages is not known."""
        work = self._work.get(cell.key)
        if work is None:
            return None
        each = [self._stage(work, place) for place in range(work.place, len(work.stages))]
        return None if None in each else sum(filter(None, each))

    def _stage(self, work: _Work, place: int) -> float | None:
        stage, expected = work.stages[place]
        seconds = self._scaled(_like(work.cell, stage), expected)
        if place > work.place or work.began is None:
            return seconds
        now = self.clock()
        by_speed = work.part.left(now) if work.part else None
        by_time = None if seconds is None else max(seconds - (now - work.began), 0.0)
        if by_speed is None or by_time is None:
            return by_time if by_speed is None else by_speed
        # A fit may train another network after this one; a score or a draw of samples has no such parts.
        return max(by_speed, by_time) if stage == "fit" else by_speed

    def _scaled(self, like: Like, expected: float | None) -> float | None:
        measured = self._measured.get(like, [])
        if expected is None:
            return median(seconds for seconds, _ in measured) if measured else None
        ratios = [seconds / before for seconds, before in measured if before]
        return expected * median(ratios) if ratios else expected

    def text(self) -> str:
        """What is left in words; empty where nothing is."""
        each = [self.cell_seconds(work.cell) for work in self._work.values()]
        if not each:
            return ""
        known = [seconds for seconds in each if seconds is not None]
        if not known:
            return "time left not known"
        seconds = max(sum(known) / min(self.workers, len(each)), *known)
        unknown = f" and {len(each) - len(known)} of unknown time" if len(known) < len(each) else ""
        return f"about {duration(seconds)} left{unknown}"


def _like(cell: Cell, stage: str) -> Like:
    kind, _, name = stage.partition(":")
    return (kind, ScoreName.parse(name).base) if kind == "score" else (kind, cell.generator)
