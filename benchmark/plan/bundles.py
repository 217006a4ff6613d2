"""The cells of a plan in bundles of about equal time, each of which one job of a batch system computes."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.errors import UserError

BUNDLE_MINUTES = 60.0
"""Expected minutes of a bundle, where the longest cell and the most jobs allow: a job has a start of its own to pay for."""
GROWTH = 1.1


@dataclass(frozen=True)
class Task:
    """A cell to compute: its key, its expected minutes, and what it needs."""

    key: str
    cell: str
    """The name of its folder."""
    stages: tuple[str, ...]
    minutes: float
    gpu: bool
    memory_mib: float


@dataclass(frozen=True)
class Bundle:
    """Tasks for one job, the longest first."""

    tasks: tuple[Task, ...]

    @property
    def minutes(self) -> float:
        """Expected minutes of all tasks, one after the other."""
        return sum(task.minutes for task in self.tasks)

    @property
    def gpu(self) -> bool:
        """Whether a task needs an accelerator."""
        return any(task.gpu for task in self.tasks)

    @property
    def memory_mib(self) -> float:
        """The memory of the task that needs the most."""
        return max(task.memory_mib for task in self.tasks)


def bundles(tasks: list[Task], most: int, minutes: float = BUNDLE_MINUTES) -> list[Bundle]:
    """At most `most` bundles of about `minutes` or more, those without an accelerator first; raises UserError for too few.

    Tasks with and without an accelerator never share a bundle.
    """
    groups = [[task for task in tasks if task.gpu is gpu] for gpu in (False, True)]
    groups = [group for group in groups if group]
    if most < len(groups):
        raise UserError(f"--max-array is {most}, but cells with and without an accelerator need {len(groups)} jobs.")
    found = [bundle for group in groups for bundle in _packed(group, minutes)]
    while len(found) > most:
        minutes *= GROWTH
        found = [bundle for group in groups for bundle in _packed(group, minutes)]
    return found


def _packed(tasks: list[Task], minutes: float) -> list[Bundle]:
    """Bins of `minutes`, filled by the first that has room, the longest task first; a longer task has a bin of its own."""
    bins: list[list[Task]] = []
    for task in sorted(tasks, key=lambda task: (-task.minutes, task.cell)):
        room = (one for one in bins if sum(other.minutes for other in one) + task.minutes <= minutes)
        chosen = next(room, None)
        if chosen is None:
            bins.append([task])
        else:
            chosen.append(task)
    return [Bundle(tuple(one)) for one in bins]
