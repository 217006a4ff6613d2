"""What a perfect generator and a copier score in Context-FID by the number of windows, and what the encoder adds.

    python -m tests.studies.context_fid_floor --dataset sines mujoco stocks etth --data-dir FOLDER [--repetitions 5]

Three disjoint sets of real windows of equal size: reference windows A, windows B of a perfect generator, and windows C that
only train an encoder. Of a generated data set they are three independent draws, of a recorded one random thirds of all windows.
The score trains its encoder on the reference windows; an encoder of C has seen neither A nor B. Each encoder measures subsets
of n windows of A against n windows of B (perfect generator) and against n draws with replacement from those of A (copier), n
from all of them down by halves. Each repetition has another split, encoders and draws by its own seeds.

If the value falls as 1/n, the slope of its logarithm against that of n is -1. Results:
`results/measured/context_fid_floor/<data set>.json`, the table in docs/measurements.md. One process, one thread.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.data import load_spec, load_windows
from benchmark.seeds import derive_seed
from metrics.common.frechet import frechet_distance, moments
from metrics.context_fid import ContextFID, encoder_weights
from metrics.nets.ts2vec_encoder import encode
from tests.studies.record import MEASURED, ROOT, insert, read, table, write

LENGTH = 24
HALVINGS = 4
ENCODERS = {"reference": "A (the score)", "unseen": "C (neither)"}
SAMPLES = {"perfect": "Perfect generator", "copier": "Copier"}
FOLDER = MEASURED / "context_fid_floor"

Windows = NDArray[np.float32]


def three_sets(name: str, data_dir: Path | None, seed: int) -> tuple[Windows, Windows, Windows]:
    """Disjoint sets A, B and C (N, T, D) of real windows of a data set."""
    spec = load_spec(name)
    split = derive_seed("split", seed)
    if spec.recipe is not None:
        windows = load_windows(spec, LENGTH, "strict", seed_for_split=split)
        sets = [windows.train, windows.validation, windows.test]
        order = np.random.default_rng(split).permutation(3)
        return sets[order[0]], sets[order[1]], sets[order[2]]
    windows = load_windows(spec, LENGTH, "paper", data_dir=data_dir, seed_for_split=split)
    n = len(windows.train) // 3
    order = np.random.default_rng(split).permutation(len(windows.train))
    return windows.train[order[:n]], windows.train[order[n : 2 * n]], windows.train[order[2 * n : 3 * n]]


def distances(reference: NDArray[Any], other: NDArray[Any], seed: int) -> dict[str, dict[str, float]]:
    """Fréchet distances of representations (N, C) by kind of samples and by number of windows n."""
    rng = np.random.default_rng(seed)
    found: dict[str, dict[str, float]] = {kind: {} for kind in SAMPLES}
    for halvings in range(HALVINGS + 1):
        n = len(reference) >> halvings
        chosen = reference[rng.permutation(len(reference))[:n]]
        drawn = {"perfect": other[rng.permutation(len(other))[:n]], "copier": chosen[rng.integers(n, size=n)]}
        for kind, samples in drawn.items():
            found[kind][str(n)] = frechet_distance(*moments(chosen), *moments(samples))
    return found


def repetition(name: str, data_dir: Path | None, seed: int) -> dict[str, Any]:
    """The distances of one repetition by encoder."""
    a, b, c = three_sets(name, data_dir, seed)
    results = {}
    for encoder, trained_on in (("reference", a), ("unseen", c)):
        prepared = ContextFID().prepare(trained_on, seed=derive_seed("encoder", seed))
        weights = encoder_weights(prepared, a)
        results[encoder] = distances(encode(weights, a, "cpu"), encode(weights, b, "cpu"), derive_seed("subsets", seed))
    return results


def slope(by_size: dict[str, list[float]]) -> float:
    """The slope of the mean value's logarithm against the logarithm of the number of windows."""
    sizes = np.log([float(n) for n in by_size])
    return float(np.polyfit(sizes, np.log([np.mean(values) for values in by_size.values()]), 1)[0])


def summary(repetitions: Sequence[dict[str, Any]]) -> list[list[str]]:
    """A row each encoder and kind of samples: n, the value at n with its std, at n/2 and n/4, and the slope."""
    rows = []
    for encoder, trained_on in ENCODERS.items():
        for kind, title in SAMPLES.items():
            sizes = list(repetitions[0][encoder][kind])
            by_size = {n: [one[encoder][kind][n] for one in repetitions] for n in sizes}
            most = by_size[sizes[0]]
            fewer = [f"{np.mean(by_size[n]):.4f}" for n in sizes[1:3]]
            value = f"{np.mean(most):.4f} ± {np.std(most, ddof=1):.4f}"
            rows.append([title, trained_on, sizes[0], value, *fewer, f"{slope(by_size):.2f}"])
    return rows


def page() -> str:
    """The table of all data sets that are done."""
    header = ["data", "samples", "encoder of", "n", "at n (std)", "at n/2", "at n/4", "slope"]
    rows = []
    for path in sorted(FOLDER.glob("*.json")):
        repetitions = list(read(path)["results"].values())
        rows += [[load_spec(path.stem).title, *row] for row in summary(repetitions)] if len(repetitions) > 1 else []
    return table(header, rows)


def main() -> None:
    """Measure the repetitions that are missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", nargs="+", required=True)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in arguments.dataset:
        path = FOLDER / f"{name}.json"
        results = read(path)["results"]
        for seed in range(arguments.repetitions):
            if str(seed) not in results:
                results[str(seed)] = repetition(name, arguments.data_dir, seed)
                write(path, results)
    text = page()
    insert(ROOT / "docs" / "measurements.md", "context_fid_floor", text)
    print(text)  # noqa: T201


if __name__ == "__main__":
    main()
