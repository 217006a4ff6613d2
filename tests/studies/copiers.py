"""`copy` beside `oracle` under every score: which scores detect a copier.

    python -m benchmark run --suite controls
    python -m tests.studies.copiers runs/suites/controls-paper-fast/results.csv

A score detects where the copier is further from the ideal than the perfect generator on every data set, beyond two standard
errors of the repetitions and beyond a tenth of the perfect generator's own distance. The table goes into `metrics/README.md`.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from metrics.registry import load, names
from tests.studies.record import ROOT, insert, table


def detects(name: str, oracle: np.ndarray, copy: np.ndarray) -> bool:
    """Whether the copier's repetitions are clearly further from the ideal than the perfect generator's."""
    ideal = load(name).info.ideal
    away = [abs(values.mean() - ideal) for values in (oracle, copy)]
    errors = [values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0 for values in (oracle, copy)]
    return away[1] - away[0] > max(2 * np.hypot(*errors), 0.1 * away[0], 0.01)


def main() -> None:
    """Compare and write."""
    frame = pd.read_csv(sys.argv[1])
    datasets = list(frame.dataset.unique())
    rows = []
    for name in names():
        digits, line, found = load(name).info.decimals, [name], []
        for dataset in datasets:
            chosen = frame[(frame.metric == name) & (frame.dataset == dataset)].dropna(subset="value")
            oracle, copy = (chosen[chosen.generator == who].value.to_numpy() for who in ("oracle", "copy"))
            if len(oracle) and len(copy):
                line += [f"{oracle.mean():.{digits}f}", f"{copy.mean():.{digits}f}"]
                found.append(detects(name, oracle, copy))
            else:
                line += ["not defined", "not defined"]
        rows.append([*line, "**yes**" if found and all(found) else "no" if found else "with protocol `strict`"])
    header = ["score", *(f"{dataset}, {who}" for dataset in datasets for who in ("oracle", "copy")), "detects"]
    insert(ROOT / "metrics" / "README.md", "copiers", table(header, rows))


if __name__ == "__main__":
    main()
