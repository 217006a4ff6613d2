"""Finished cells of a new results frame take the place of those of the same setting and seed in a kept one, run by run.

    python -m benchmark tables --suite strict --only dataset=etth --format csv --output new.csv
    python -m tests.studies.keep_cells results/measured/strict/results.csv new.csv

Rows of cells that the new frame lacks or has not finished stay as they are.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Sequence
from pathlib import Path

from benchmark.files import write_bytes

Row = dict[str, str]


def read(path: Path) -> list[Row]:
    """The rows of a frame, every value as it is written."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


Setting = tuple[str, str, str]


def setting(row: Row) -> Setting:
    """A row's cell without its key, which another version of the program changes, its generator and what a user altered."""
    return row["cell"].rpartition("-")[0], row["generator"], row.get("altered") or ""


def merged(kept: Sequence[Row], new: Sequence[Row]) -> list[Row]:
    """The kept rows with those of each cell that is finished in `new` in their place; cells of `new` alone stand last."""
    fresh: dict[Setting, list[Row]] = {}
    for row in new:
        fresh.setdefault(setting(row), []).append(row)
    done = {cell: rows for cell, rows in fresh.items() if all(row["status"] == "done" for row in rows)}
    found: dict[Setting, list[Row]] = {}
    for row in kept:
        found.setdefault(setting(row), []).append(row)
    return [row for rows in (found | done).values() for row in rows]


def main() -> None:
    """Merge, write and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frame", type=Path)
    parser.add_argument("new", type=Path)
    arguments = parser.parse_args()
    kept, new = read(arguments.frame), read(arguments.new)
    rows = merged(kept, new)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(kept[0] | new[0]), lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    write_bytes(arguments.frame, text.getvalue().encode())
    finished = {row["cell"] for row in rows if row["status"] == "done"}
    print(f"{len(finished)} finished cells in {len(rows)} rows")  # noqa: T201


if __name__ == "__main__":
    main()
