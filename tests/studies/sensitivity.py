"""Every score under every corruption at growing strength: which worsen steadily, which only in the end, which are blind.

    python -m tests.studies.sensitivity --dataset stocks [--windows 1200]

Three disjoint random sets of windows play the real, the fresh and the training windows; the fresh ones are corrupted. A perfect
generator is strength 0. Scores that need the blocks of windows are left out. Results go to
`results/measured/sensitivity/<data set>.json` and the table into `metrics/README.md`.
"""

from __future__ import annotations

import argparse
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.data import load_windows
from benchmark.data.catalogue import load_spec
from benchmark.seeds import derive_seed
from metrics.base import NotApplicable, ScoreContext
from metrics.registry import load, names
from tests.metrics.corruptions import CORRUPTIONS
from tests.studies.record import MEASURED, ROOT, insert, read, table, write

STRENGTHS = (0.1, 0.2, 0.4, 0.6, 0.8)
REPETITIONS = 5


def three_sets(dataset: str, windows: int, cache: Path) -> list[NDArray[np.float32]]:
    """Real, fresh and training windows: disjoint random sets of at most `windows` each."""
    seed = derive_seed("sensitivity", dataset)
    everything = load_windows(load_spec(dataset), 24, "paper", cache_dir=cache, seed_for_split=seed).train
    count = min(windows, len(everything) // 3)
    order = np.random.default_rng(seed).permutation(len(everything))
    return [everything[np.sort(order[k * count : (k + 1) * count])] for k in range(3)]


def measure(dataset: str, windows: int, cache: Path) -> dict[str, Any]:
    """The repetitions of every score at every strength of every corruption, as far as they are not known already."""
    path = MEASURED / "sensitivity" / f"{dataset}.json"
    results = read(path)["results"]
    real, fresh, training = three_sets(dataset, windows, cache)
    results["windows"] = len(real)
    seeds = list(range(REPETITIONS))
    encoders: list[dict[str, NDArray[Any]]] = []
    for name in names():
        metric = load(name)()
        if metric.shared and not encoders:
            encoders = [metric.prepare(real, seed) for seed in seeds]
        prepared = encoders if metric.shared else ()
        for corruption, corrupt in CORRUPTIONS.items():
            for strength in (0.0, *STRENGTHS):
                key = f"{name} clean" if strength == 0 else f"{name} {corruption} {strength}"
                if key in results:
                    continue
                fake = corrupt(fresh, strength, derive_seed("corruption", corruption, str(strength)), training)
                context = ScoreContext(seeds=seeds, prepared=prepared, training=training)
                with suppress(NotApplicable):  # random sets have no blocks
                    results[key] = list(metric.compute(real, fake, context).values)
                    write(path, results)
        print(name, "done", flush=True)  # noqa: T201
    return results


def verdict(name: str, corruption: str, results: dict[str, Any]) -> str:
    """How a score answers a corruption: its values clean and at full strength, and whether it worsened at every step.

    A step or an end counts as a change where it exceeds two standard errors of the difference, or a hundredth of the whole way.
    """
    info = load(name).info
    raw = [np.array(results[f"{name} clean"]), *(np.array(results[f"{name} {corruption} {s}"]) for s in STRENGTHS)]
    away = [np.abs(values.mean() - info.ideal) for values in raw]
    errors = [values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0 for values in raw]
    whole = max(away) - min(away)

    def clear(change: float, before: float, after: float) -> bool:
        return change > max(2 * np.hypot(before, after), whole / 100)

    steps = list(zip(pairwise(away), pairwise(errors), strict=True))
    falls = any(clear(before - after, *spread) for (before, after), spread in steps)
    sees = clear(away[-1] - away[0], errors[0], errors[-1]) and away[-1] - away[0] > 0.1 * away[0]
    word = "blind" if not sees else "✓" if not falls else "not steady"
    return f"{word} ({raw[0].mean():.{info.decimals}f} → {raw[-1].mean():.{info.decimals}f})"


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="stocks")
    parser.add_argument("--windows", type=int, default=1200)
    parser.add_argument("--cache", type=Path, default=None, help="a folder that keeps simulated data")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = measure(arguments.dataset, arguments.windows, arguments.cache)
    measured = [name for name in names() if f"{name} clean" in results]
    rows = [[name, *(verdict(name, corruption, results) for corruption in CORRUPTIONS)] for name in measured]
    header = ["score", *(corruption.replace("_", " ") for corruption in CORRUPTIONS)]
    insert(ROOT / "metrics" / "README.md", f"sensitivity {arguments.dataset}", table(header, rows))


if __name__ == "__main__":
    main()
