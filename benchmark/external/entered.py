"""Rows of samples that were made elsewhere: their generator, and their cells in a store."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from benchmark.errors import UserError
from benchmark.interface import FitContext, Generator, Windows, read_parameters, write_parameters
from benchmark.plan.cell import Cell
from benchmark.plan.planner import Plan
from benchmark.store.cell_folder import CellFolder
from benchmark.store.cell_record import CellRecord
from benchmark.store.store import Store

FILE = "windows.npy"


class EnteredSamples(Generator):
    """Windows that another program made, handed out as they were entered.

    Attributes:
        sha256: The SHA-256 of the windows' bytes, float32 (N, T, D) in [0, 1].
        selection: How these samples were chosen, in the words of whoever made them.
        code: The address of the code that made them.
    """

    def __init__(self, sha256: str = "", selection: str = "", code: str = "") -> None:
        self.sha256 = sha256
        self.selection = selection
        self.code = code
        self.windows_: Windows

    @classmethod
    def of(cls, windows: Windows, selection: str, code: str) -> Self:
        """The generator of given windows (N, T, D)."""
        made = cls(digest_of(windows), selection, code)
        made.windows_ = windows
        return made

    def fit(self, windows: Windows, context: FitContext) -> Self:
        """Nothing here can make the samples again; raises UserError."""
        del windows, context
        raise UserError(
            "the samples of this row were made elsewhere, and its folder has lost them; enter them again with: score --as."
        )

    def sample(self, n: int, seed: int) -> Windows:
        """`n` of the windows, in their order; a random subset where there are more. Raises UserError for too few."""
        if n > len(self.windows_):
            raise UserError(
                f"{n} windows are needed, but {len(self.windows_)} were entered; enter as many as are real."
            )
        chosen: Windows = self.windows_[np.sort(np.random.default_rng(seed).permutation(len(self.windows_))[:n])]
        return chosen

    def save(self, folder: Path) -> None:
        """Write the windows and what is known of them."""
        np.save(folder / FILE, self.windows_)
        write_parameters(self, folder, shape=list(self.windows_.shape[1:]))

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """The generator that `save` wrote."""
        del device
        params, _ = read_parameters(folder)
        made = cls(**params)
        made.windows_ = np.load(folder / FILE, allow_pickle=False)
        return made


CLASS_PATH = f"{EnteredSamples.__module__}:{EnteredSamples.__name__}"


def digest_of(windows: Windows) -> str:
    """The SHA-256 of the bytes of windows."""
    return hashlib.sha256(np.ascontiguousarray(windows, dtype=np.float32).tobytes()).hexdigest()


def entered_cell(setting: Cell, name: str, params: dict[str, Any], seed: int) -> Cell:
    """The cell of entered samples in the setting of another cell: its data set, length, protocol and budget."""
    return replace(
        setting,
        generator=name,
        class_path=CLASS_PATH,
        version=EnteredSamples.version,
        source="",
        params=params,
        sources=dict.fromkeys(params, "score --as"),
        seed=seed,
        title=f"{name} (not trained here)",
        size_class="other",
        variant="",
        altered="",
        uses_real_disjoint=False,
    )


def is_entered(cell: Cell) -> bool:
    """Whether a cell's samples were made elsewhere."""
    return cell.class_path == CLASS_PATH


def is_replaceable(folder: CellFolder) -> bool:
    """Whether a cell can be computed again: its record is sound, and its samples were made here."""
    record = folder.record()
    return record is not None and record.class_path != CLASS_PATH


def with_entered(plan: Plan, store: Store) -> Plan:
    """The plan with the entered rows that a store holds in its settings; those with `--only generator=` or `seed=` have none."""
    if any(change.startswith(("generator=", "seed=")) for change in plan.changes):
        return plan
    settings = {CellRecord.of(cell).setting: cell for cell in plan.cells}
    found = []
    for folder in store.folders():
        record = folder.record()
        if record is None or record.class_path != CLASS_PATH or record.setting not in settings:
            continue
        cell = entered_cell(settings[record.setting], record.generator, record.params, record.seed)
        # Other data or another scoring budget of the same name make another cell.
        found += [cell] if cell.key == record.key else []
    return replace(plan, cells=(*plan.cells, *found))


def notes_of(plan: Plan) -> list[str]:
    """A sentence for each entered row: how its samples were chosen and where the code is."""
    notes = []
    for cell in filter(is_entered, plan.cells):
        rule, code = (cell.params[name] or "not told" for name in ("selection", "code"))
        where = f"{cell.dataset.title or cell.dataset.id} {cell.length}"
        seed = f", training seed {cell.seed}" if cell.seed else ""
        notes.append(f"{cell.title}, {where}{seed}: selection rule: {rule}; code: {code}.")
    return notes
