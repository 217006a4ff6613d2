"""Where the results in a figure come from: budget, protocol, training seeds and commits, as small print and as metadata."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from benchmark.store.cell_folder import CellFolder
from benchmark.store.cell_record import CellRecord

if TYPE_CHECKING:
    import pandas as pd

SHORT = 10
"""Digits of a commit in small print."""
FEW = 3
"""As many commits at most are named in small print."""


@dataclass(frozen=True)
class Origin:
    """What the cells behind a figure were computed with; several where several cells are shown.

    Attributes:
        budgets: Names of budgets.
        protocols: `paper` or `strict`.
        seeds: Training seeds.
        commits: Commits that trained the generators, with "changed tree" where the tree had changes.
    """

    budgets: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    commits: tuple[str, ...] = ()

    def __or__(self, other: Origin) -> Origin:
        """The origin of what both are the origins of."""
        return Origin(
            _both(self.budgets, other.budgets),
            _both(self.protocols, other.protocols),
            tuple(sorted({*self.seeds, *other.seeds})),
            _both(self.commits, other.commits),
        )

    def metadata(self) -> dict[str, str]:
        """The fields by name, without those that are not known."""
        values = {
            "Budget": ", ".join(self.budgets),
            "Protocol": ", ".join(self.protocols),
            "Training seed": ", ".join(map(str, self.seeds)),
            "Commit": ", ".join(self.commits),
        }
        return {name: text for name, text in values.items() if text}

    def small_print(self) -> str:
        """The same in one line, commits shortened."""
        commits = [f"{text[:SHORT]}{text[40:]}" for text in self.commits]
        more = f" and {len(commits) - FEW} more" if len(commits) > FEW else ""
        fields = {**self.metadata(), "Commit": ", ".join(commits[:FEW]) + more}
        return ", ".join(f"{name.lower()} {text}" for name, text in fields.items() if text)


def cell_origin(record: CellRecord, folder: CellFolder) -> Origin:
    """The origin of one cell by its record and the provenance of its fit."""
    fit = folder.provenance().stage("fit")
    commits = _commits([(fit.commit, fit.dirty)])
    return Origin((record.budget.name,), (record.protocol,), (record.seed,), commits)


def folders_origin(folders: Iterable[CellFolder]) -> Origin:
    """The origin of the cells in several folders; those whose record is not sound are left out."""
    records = [(folder.record(), folder) for folder in folders]
    return reduce(or_, (cell_origin(record, folder) for record, folder in records if record), Origin())


def frame_origin(frame: pd.DataFrame) -> Origin:
    """The origin of the finished rows of a results frame."""
    done = frame[frame["status"] == "done"]
    budgets, protocols = (tuple(sorted(map(str, done[name].unique()))) for name in ("budget", "protocol"))
    seeds = tuple(sorted(map(int, done["seed"].unique())))
    return Origin(budgets, protocols, seeds, _commits(zip(done["commit"], done["dirty"], strict=True)))


def _commits(told: Iterable[tuple[Any, Any]]) -> tuple[str, ...]:
    # A frame that was read from a file has its truth values as text, and a missing commit as a number.
    found = {
        f"{commit}{' (changed tree)' if str(dirty) == 'True' else ''}"
        for commit, dirty in told
        if isinstance(commit, str)
    }
    return tuple(sorted(found))


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*one, *other}))
