"""The records of a store's finished cells, without models and samples, as a store that `compare` reads.

    python -m tests.studies.keep_records runs/strict
    python -m benchmark compare results/measured/records runs

Copies `cell.json`, `scores.json`, `provenance.json` and `status.json` of every cell that is done into `results/measured/records`;
a cell that is there already stays as it is.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from benchmark.store.records import State
from benchmark.store.store import Store
from tests.studies.record import MEASURED

RECORDS = ("cell.json", "scores.json", "provenance.json", "status.json")


def copy_record(cell: Path, kept: Store) -> None:
    """Copy the records of one cell's folder."""
    target = kept.root / "cells" / cell.name
    target.mkdir(parents=True)
    for name in RECORDS:
        shutil.copyfile(cell / name, target / name)


def keep(store: Store, kept: Store) -> list[str]:
    """Copy the records of finished cells that `kept` lacks; the names of their folders."""
    added = []
    for folder in store.opened().folders():
        new = not (kept.root / "cells" / folder.path.name).exists()
        if new and folder.status().state is State.DONE and folder.scores():
            copy_record(folder.path, kept)
            added.append(folder.path.name)
    return added


def main() -> None:
    """Copy and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    added = keep(Store(parser.parse_args().store), Store(MEASURED / "records").create())
    print("\n".join([*added, f"{len(added)} cells added"]))  # noqa: T201


if __name__ == "__main__":
    main()
