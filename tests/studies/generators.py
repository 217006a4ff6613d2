"""Whether any generator of a store is broken, and which of them beat `gaussian`: a row a cell.

    python -m tests.studies.generators runs --keep results/measured/generators_fast

Broken would be: values that are not numbers, a constant output, windows that repeat, features that move as one, a codebook that
fell onto few codes. Shown beside the data: the deviation of the windows and that of their steps, both in the data's own (1 is
right), and how far correlations between features are from the data's, in the mean (0 is right). Scores are compared with those
of `gaussian`, where the store has it, over the repetitions of one trained model (Welch, 95 %): no training variance is in them.
`--keep` copies scores, provenance and fitted facts of each cell into a folder, as the store has them. Real windows are read
from the folder that `TIMEMAR_DATA_DIR` names.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import ttest_ind

from benchmark.files import read_json
from benchmark.interface import Windows
from benchmark.plots.pair import Pair, open_pair
from benchmark.store.cell_folder import CellFolder
from benchmark.store.cell_record import CellRecord
from benchmark.store.store import Store
from metrics.registry import load
from tests.studies.record import table

SCORES = ("discriminative", "context_fid", "predictive")
AGAINST = "gaussian"


class Shape(NamedTuple):
    """Generated windows beside the real ones.

    Standard deviations in units of the data's own, differences of correlations between features, the share of unequal windows.
    """

    finite: bool
    spread: float
    steps: float
    correlations: float
    distinct: float


def shape(real: Windows, made: Windows) -> Shape:
    """The shape of generated windows (N, T, D) beside real ones: medians over the features that vary."""
    varying = real.reshape(-1, real.shape[2]).std(axis=0) > 0
    spread, steps = (
        float(np.median((of(made) / np.where(varying, of(real), 1))[varying])) for of in (_deviation, _step_deviation)
    )
    apart = np.abs(_correlations(made) - _correlations(real))[np.triu_indices(real.shape[2], 1)]
    distinct = len(np.unique(made.reshape(len(made), -1), axis=0)) / len(made)
    return Shape(bool(np.isfinite(made).all()), spread, steps, float(apart.mean()) if len(apart) else 0.0, distinct)


def _deviation(windows: Windows) -> np.ndarray:
    return windows.reshape(-1, windows.shape[2]).std(axis=0, dtype=np.float64)


def _step_deviation(windows: Windows) -> np.ndarray:
    return _deviation(np.diff(windows, axis=1))


def _correlations(windows: Windows) -> np.ndarray:
    """Between features (D, D), of what is left of windows without their mean window; 0 where a feature is constant."""
    left = (windows - windows.mean(axis=0, dtype=np.float64)).reshape(-1, windows.shape[2])
    covariance = left.T @ left
    scale = np.sqrt(np.outer(covariance.diagonal(), covariance.diagonal()))
    return np.divide(covariance, scale, out=np.zeros_like(scale), where=scale > 0)


def compare(values: Sequence[float], others: Sequence[float]) -> tuple[str, str]:
    """The difference of two means with its 95 % interval (Welch), and what it says of a score whose lower values are better."""
    found = ttest_ind(values, others, equal_var=False).confidence_interval(0.95)
    difference = float(np.mean(values) - np.mean(others))
    said = (
        "better"
        if found.high < 0
        else "worse"
        if found.low > 0
        else "better in the mean"
        if difference < 0
        else "no better"
    )
    return f"[{found.low:+.3f}, {found.high:+.3f}]", said


def codes(folder: CellFolder) -> str:
    """The perplexity of a fitted tokenizer's codes, by scale where it has several, of so many; a dash without a codebook."""
    path = folder.model / "generator.json"
    known: dict[str, Any] = read_json(path) if path.exists() else {}
    found = known.get("fitted", {}).get("measurements", {}).get("perplexity")
    if found is None:
        return "—"
    by_scale = found if isinstance(found, list) else [found]
    return f"{', '.join(f'{one:.0f}' for one in by_scale)} of {known['parameters']['vocab_size']}"


def row(pair: Pair, against: dict[str, Any] | None) -> list[str]:
    """A generator's row of its data set's table."""
    seen, scores = shape(pair.real, pair.generated), pair.folder.scores()
    line = [
        pair.title,
        "yes" if seen.finite else "**no**",
        f"{seen.spread:.2f}",
        f"{seen.steps:.2f}",
        f"{seen.correlations:.2f}",
        f"{seen.distinct:.0%}",
        codes(pair.folder),
    ]
    if against is None or pair.record.generator == AGAINST:
        return [*line, *([""] * len(SCORES))]
    for score in SCORES:
        interval, said = compare(scores[score].repetitions, against[score].repetitions)
        line.append(f"{said} {interval}")
    return line


def keep(folder: CellFolder, record: CellRecord, place: Path) -> None:
    """Copy what a reader of the table may want to check."""
    place.mkdir(parents=True, exist_ok=True)
    name = f"{record.dataset.id}-{record.length}-{record.generator}"
    for path, kind in (
        (folder.path / "scores.json", "scores"),
        (folder.path / "provenance.json", "provenance"),
        (folder.model / "generator.json", "generator"),
    ):
        if path.exists():
            shutil.copyfile(path, place / f"{name}.{kind}.json")


def main() -> None:
    """Print a table a data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    store = Store(arguments.store)
    pairs: dict[str, list[Pair]] = {}
    for path in sorted((store.root / "cells").iterdir()):
        folder = CellFolder(path)
        if set(SCORES) <= set(folder.scores()):
            pair = open_pair(folder, store, None)
            pairs.setdefault(pair.dataset, []).append(pair)
            if arguments.keep:
                keep(folder, pair.record, arguments.keep)
    titles = [f"{load(score).info.title} against `{AGAINST}`" for score in SCORES]
    for dataset, found in pairs.items():
        against = next((pair.folder.scores() for pair in found if pair.record.generator == AGAINST), None)
        header = [dataset, "finite", "deviation", "of steps", "correlations off by", "distinct", "codes", *titles]
        print(table(header, [row(pair, against) for pair in found]), end="\n\n")  # noqa: T201


if __name__ == "__main__":
    main()
