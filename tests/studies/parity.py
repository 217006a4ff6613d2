"""Our three scores against the public reference evaluation: repetitions on its pairs of window sets.

    python -m tests.studies.parity FOLDER [--repetitions 20]

FOLDER holds `scores.json` and the arrays `<data>__real.npz` and `<data>__<case>.npz`. For each pair and score, our repetitions
and the reference's five are compared by an exact Mann-Whitney test; Holm's correction covers all pairs and scores together.
Results go to `results/measured/parity/scores.json` and the table into `metrics/README.md`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import mannwhitneyu

from benchmark.statistics import holm
from metrics.base import ScoreContext
from metrics.registry import load
from tests.studies.record import MEASURED, ROOT, insert, read, table, write

SCORES = {"disc": "discriminative", "pred": "predictive", "cfid": "context_fid"}
FIRST_SEED = 1000
LEVEL = 0.05


def measure(folder: Path, repetitions: int) -> dict[str, Any]:
    """Our repetitions of every score on every pair, with the reference's."""
    path = MEASURED / "parity" / "scores.json"
    cases = json.loads((folder / "scores.json").read_text())["cases"]
    results = read(path)["results"]
    for pair, reference in cases.items():
        with np.load(folder / f"{pair.partition('__')[0]}__real.npz") as archive:
            real = archive["real"]
        with np.load(folder / f"{pair}.npz") as archive:
            fake = archive["fake"]
        for short, name in SCORES.items():
            known = results.get(f"{pair} {name}", {"ours": []})
            if len(known["ours"]) != repetitions:
                seeds = range(FIRST_SEED, FIRST_SEED + repetitions)
                ours = load(name)().compute(real, fake, ScoreContext(seeds=seeds)).values
                known = {"ours": list(ours), "reference": reference[short]["values"], "n": len(real)}
                results[f"{pair} {name}"] = known
                write(path, results)
                print(pair, name, np.mean(ours), np.mean(known["reference"]), flush=True)  # noqa: T201
    return results


def compare(results: dict[str, Any]) -> list[list[str]]:
    """A table row a pair and score, with its p-values."""
    plain = [mannwhitneyu(r["ours"], r["reference"], method="exact").pvalue for r in results.values()]
    rows = []
    for (name, r), p, adjusted in zip(results.items(), plain, holm(plain), strict=True):
        pair, _, score = name.partition(" ")
        digits = 3 if score == "discriminative" else 4
        ours, theirs = (
            f"{np.mean(r[k]):.{digits}f} ± {np.std(r[k], ddof=1):.{digits}f}" for k in ("ours", "reference")
        )
        verdict = "**rejected**" if adjusted < LEVEL else "agrees"
        rows.append(
            [score, pair.replace("__", ", "), str(r["n"]), ours, theirs, f"{p:.3f}", f"{adjusted:.2f}", verdict]
        )
    return sorted(rows, key=lambda row: list(SCORES.values()).index(row[0]))


def main() -> None:
    """Measure, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repetitions", type=int, default=20)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = measure(arguments.folder, arguments.repetitions)
    rows = compare(results)
    header = ["score", "pair", "n", "ours, mean ± sd", "reference, mean ± sd", "p", "p (Holm)", "verdict"]
    insert(ROOT / "metrics" / "README.md", "parity", table(header, rows))


if __name__ == "__main__":
    main()
