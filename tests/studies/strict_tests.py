"""The tests of a store's strict cells, kept without what a reader never looks at: values, intervals and p-values.

    python -m tests.studies.strict_tests --store runs/strict --output results/measured/strict/tests.json

Each finished cell of suite `strict` has its commit and, by score, every repetition with the details of `DETAILS`. Nothing is
computed, and cells kept before that the store lacks stay. Prints means over training seeds by data set and generator, with the
smallest and the largest value of a seed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmark.api.suites import plan_suite
from benchmark.files import read_json, write_json
from tests.studies.record import table

DETAILS = ("p_value", "low", "high", "z_blocks", "whole")
SCORES = (
    "discriminative",
    "context_fid",
    "block_c2st",
    "data_copying",
    "membership_attack",
    "tstr_horizons",
    "augmentation_gain",
    "dcr_ratio",
    "memorisation",
)


def kept(folder: Path) -> dict[str, Any] | None:
    """What is kept of one cell; None before it has every score."""
    scores, provenance = folder / "scores.json", folder / "provenance.json"
    if not (scores.exists() and provenance.exists()):
        return None
    found = json.loads(scores.read_text(encoding="utf-8"))
    if any(name not in found for name in SCORES):
        return None
    return {
        "commit": _commit(json.loads(provenance.read_text(encoding="utf-8"))),
        "tests": {
            name: {
                "mean": found[name]["mean"],
                "repetitions": found[name]["repetitions"],
                "details": {key: value for key, value in found[name]["details"].items() if key in DETAILS},
            }
            for name in SCORES
        },
    }


def _commit(provenance: dict[str, Any]) -> str:
    """The commit that fitted the model."""
    return str(provenance["stages"]["fit"]["commit"])


def cells(store: Path) -> dict[str, dict[str, Any]]:
    """What is kept of every finished cell, by data set, generator and training seed."""
    plan, held = plan_suite("strict", store)
    found = {}
    for cell in plan.cells:
        record = kept(held.cell(cell).path)
        if record is not None:
            found[f"{cell.dataset.title}, {cell.title}, training seed {cell.seed}"] = record
    return found


def summary(found: dict[str, dict[str, Any]]) -> str:
    """Means over training seeds with their range, as a Markdown table."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for name, record in found.items():
        groups.setdefault(name.rpartition(", ")[0], []).append(record)
    rows = []
    for group, records in groups.items():
        row = [group, str(len(records))]
        for score in SCORES:
            means = [record["tests"][score]["mean"] for record in records]
            row.append(f"{sum(means) / len(means):.3f} ({min(means):.3f} to {max(means):.3f})")
        rows.append(row)
    return table(["cell", "seeds", *SCORES], rows)


def main() -> None:
    """Read, keep and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    found = read_json(arguments.output) | cells(arguments.store)
    write_json(arguments.output, found)
    print(summary(found))  # noqa: T201


if __name__ == "__main__":
    main()
