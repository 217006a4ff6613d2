"""Kept cells, chosen by a seed, computed again on this machine and compared with their records.

    python -m tests.studies.recheck runs/recheck [--count 10] [--seed 0]

Runs the chosen cells of `results/measured/records` in the store, cheapest first; a cell that is there already is not computed
again, so that a study goes on where it was stopped. Keeps the new records in `results/measured/recheck` and writes what moved
between the two into docs/measurements.md, with the chosen cells that were not run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.compare.command import compare
from benchmark.store.cell_folder import CellFolder
from benchmark.store.records import State
from benchmark.store.store import Store
from tests.studies.keep_records import copy_record, keep
from tests.studies.record import MEASURED, ROOT, insert, table

SUITE = "strict"  # the suite of all kept records under protocol strict, of which cells are drawn
CellId = tuple[str, str, str]


def cell_id(cell: Path) -> CellId:
    """The data set, generator and training seed of a cell's folder."""
    record = CellFolder(cell).record()
    assert record is not None, cell
    return record.dataset.id, record.generator, str(record.seed)


def cpu_seconds(cell: Path) -> float:
    """CPU seconds of all stages of a cell."""
    return sum(stage.cpu_seconds or 0.0 for stage in CellFolder(cell).provenance().stages.values())


def chosen(kept: Store, choice: Path, count: int, seed: int) -> list[Path]:
    """`count` cells under protocol strict, drawn without replacement, cheapest first.

    The choice is kept as the JSON file `choice`: cells that are kept later do not change it.
    """
    cells = sorted(cell for cell in (kept.root / "cells").iterdir() if "-strict-" in cell.name)
    if not choice.exists():
        drawn = np.random.default_rng(seed).choice(len(cells), size=min(count, len(cells)), replace=False)
        choice.write_text(json.dumps(sorted(cells[index].name for index in drawn), indent=1) + "\n", encoding="utf-8")
    names = json.loads(choice.read_text(encoding="utf-8"))
    return sorted((cell for cell in cells if cell.name in names), key=cpu_seconds)


def done(store: Store) -> dict[CellId, Path]:
    """The finished cells of a store by their id; none where there is no store yet."""
    if not (store.root / "cells").is_dir():
        return {}
    folders = (folder for folder in store.opened().folders() if folder.status().state is State.DONE)
    return {cell_id(folder.path): folder.path for folder in folders}


def compute(where: CellId, store: Path) -> None:
    """Run one cell of the suite."""
    dataset, generator, seed = where
    keys = (f"dataset={dataset}", f"generator={generator}", f"seed={seed}")
    only = [word for key in keys for word in ("--only", key)]
    run = f"-m benchmark run --suite {SUITE} --workers 1 --store".split()
    subprocess.run([sys.executable, *run, str(store.resolve()), *only], check=True, cwd=ROOT)


def moved(before: list[Path], after: Store) -> list[dict[str, Any]]:
    """The comparisons of cells with their new records, as `compare` makes them."""
    with tempfile.TemporaryDirectory() as folder:
        some = Store(Path(folder) / "kept").create()
        for cell in before:
            copy_record(cell, some)
        comparisons: list[dict[str, Any]] = compare(some, after).record["comparisons"]
    return comparisons


def machines(cells: list[Path]) -> str:
    """The processors that the cells were fitted on."""
    named = set()
    for cell in cells:
        machine = CellFolder(cell).provenance().stage("fit").machine
        named.add(machine.model or f"{machine.processor} (its maker not recorded)")
    return ", ".join(sorted(named))


def text(comparisons: list[dict[str, Any]]) -> str:
    """One row a generator and data set: its scores by what `compare` concludes, and both Context-FIDs."""
    rows = []
    for where in dict.fromkeys((one["dataset"], one["title"]) for one in comparisons):
        mine = [one for one in comparisons if (one["dataset"], one["title"]) == where]
        moved = [f"{one['score']} ({one['conclusion']})" for one in mine if one["conclusion"].endswith("in B")]
        undecided = sum(one["conclusion"] == "undecided" for one in mine)
        equal = sum(one["difference"] == 0 for one in mine)
        fid = next(one for one in mine if one["score"] == "context_fid")
        counts = [str(len(mine)), str(equal), str(undecided), ", ".join(moved) or "none"]
        rows.append([*where, *counts, f"{fid['a']:.3f}", f"{fid['b']:.3f}"])
    head = ["data", "generator", "scores", "equal", "undecided", "moved", "Context-FID kept", "again"]
    return table(head, rows)


def main() -> None:
    """Choose, compute, keep, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--compare-only", action="store_true", help="compare what is done, compute nothing")
    arguments = parser.parse_args()
    store = Store(arguments.store)
    again = Store(MEASURED / "recheck").create()
    cells = chosen(Store(MEASURED / "records"), again.root / "chosen.json", arguments.count, arguments.seed)
    for cell in cells:
        if not arguments.compare_only and cell_id(cell) not in done(store) | done(again):
            compute(cell_id(cell), store.root)
        if done(store):
            keep(store, again)
    new = [cell for cell in cells if cell_id(cell) in done(again)]
    added = [done(again)[cell_id(cell)] for cell in new]
    left = [
        f"{generator} on {dataset}, seed {seed}"
        for dataset, generator, seed in map(cell_id, (cell for cell in cells if cell not in new))
    ]
    page = (
        f"{len(new)} of {len(cells)} chosen cells, kept from {machines(new)}, computed again on {machines(added)}. "
        f"Not run again: {'; '.join(left) or 'none'}.\n\n{text(moved(new, again))}"
    )
    insert(ROOT / "docs" / "measurements.md", "recheck", page)
    print(page)  # noqa: T201


if __name__ == "__main__":
    main()
