"""How far real windows lie from the test windows of protocol strict, by the number of blocks: `oracle` beside `copy`.

    python -m tests.studies.strict_roles --data-dir FOLDER [--dataset stocks ...] [--pairs 8 16 ...] [--seeds 2]

For each number of pairs the Context-FID (published encoder, trained on the test windows) of the validation windows, of as many
training windows, and the floor: one random half of the validation and test windows together against the other. Where the roles
are exchangeable all three agree; what the first two have more than the third is drift between blocks. `relative` compares
windows less their own level. One process, one thread.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from benchmark.data import DatasetSpec, load_series, load_spec, load_windows
from benchmark.data.scale import bounds, cut, scale, take, unit_bounds
from benchmark.data.split import FEWEST_WINDOWS, Role, strict_blocks, strict_windows
from benchmark.interface import Windows
from metrics.context_fid import ContextFID

DATASETS = ("sines", "mujoco", "stocks", "etth", "energy", "fmri")
PAIRS = (4, 8, 16, 32, 64, 128)
LEAST_TEST = 100
HEADER = ("data set", "length", "pairs", "train", "test", "oracle", "copy", "floor", "seconds")
Roles = dict[Role, Windows]


def laid(spec: DatasetSpec, length: int, data_dir: Path, pairs: int) -> tuple[Roles, int]:
    """Windows by role with at most so many pairs of blocks, and how many pairs there are."""
    series = load_series(spec, data_dir)
    parts = list(series.pieces.values())
    rows = [len(pieces[0]) for pieces in parts]
    blocks = strict_blocks(rows, length, pairs)
    cuts: dict[Role, list[np.ndarray]] = {"train": [], "validation": [], "test": []}
    for block in blocks:
        cuts[block.role].append(parts[block.series][0][block.start : block.stop])
    limits = bounds(cuts["train"]) if spec.scaling == "minmax" else unit_bounds(len(series.names))
    found: Roles = {role: take([cut(scale(p, limits), length, 1) for p in of], None) for role, of in cuts.items()}
    return found, len(cuts["test"])


def settings(spec: DatasetSpec, length: int, data_dir: Path, pairs: list[int]) -> Iterator[tuple[Roles, int]]:
    """The distinct splits of a data set; a drawn set and whole series have one."""
    if spec.recipe is not None:
        made = load_windows(spec, length, "strict", seed_for_split=0)
        assert made.validation is not None
        yield {"train": made.train, "validation": made.validation, "test": made.test}, 0
        return
    seen: set[int] = set()
    for most in pairs:
        if spec.series_length is None and strict_windows(spec.rows or 0, length, most) < FEWEST_WINDOWS * most:
            continue
        roles, count = laid(spec, length, data_dir, most)
        if count not in seen and len(roles["test"]) >= LEAST_TEST:
            seen.add(count)
            yield roles, count


def relative(windows: Windows) -> Windows:
    """Each window's deviation from its own mean by feature, mapped from [-1, 1] to [0, 1]."""
    return ((windows - windows.mean(axis=1, keepdims=True) + 1) / 2).astype(np.float32)


def distances(roles: Roles, seeds: int, most: int) -> dict[str, list[float]]:
    """Context-FID by who is compared with the test windows, one value a seed, at equal numbers of windows."""
    found: dict[str, list[float]] = {"oracle": [], "copy": [], "floor": []}
    metric = ContextFID()
    for seed in range(seeds):
        rng = np.random.default_rng(seed)

        def some(windows: Windows, n: int, rng: np.random.Generator = rng) -> Windows:
            return windows[np.sort(rng.permutation(len(windows))[:n])]

        n = min(len(roles["test"]), len(roles["validation"]), most)
        test, validation = some(roles["test"], n), some(roles["validation"], n)
        prepared = [metric.prepare(test, seed)]
        oracle = metric.compute(test, np.clip(validation, 0, 1), [seed], prepared=prepared)
        copy = metric.compute(test, some(roles["train"], n), [seed], prepared=prepared)
        pool = np.concatenate([test, validation])[rng.permutation(2 * n)]
        # The encoder is the same, so that only the windows differ.
        from metrics.common.frechet import moments
        from metrics.nets.ts2vec_encoder import encode

        weights = {k.removeprefix("encoder."): v for k, v in prepared[0].items() if k.startswith("encoder.")}
        mean, covariance = moments(encode(weights, pool[:n], "cpu"))
        halves = [{**prepared[0], "mu": mean, "cov": covariance}]
        floor = metric.compute(pool[:n], pool[n:], [seed], prepared=halves)
        for name, score in (("oracle", oracle), ("copy", copy), ("floor", floor)):
            found[name] += score.values
    return found


def main() -> None:
    """Print a table, a line as soon as it is known."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--dataset", nargs="+", default=list(DATASETS))
    parser.add_argument("--length", type=int, default=24)
    parser.add_argument("--pairs", type=int, nargs="+", default=list(PAIRS))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--most", type=int, default=10_000)
    parser.add_argument("--relative", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    out = sys.stdout
    out.write(f"| {' | '.join(HEADER)} |\n|{'---|' * len(HEADER)}\n")
    import time

    for name in options.dataset:
        spec = load_spec(name)
        for roles, pairs in settings(spec, options.length, options.data_dir, options.pairs):
            began = time.perf_counter()
            if options.relative:
                roles = {role: relative(windows) for role, windows in roles.items()}
            found = distances(roles, options.seeds, options.most)
            values = [f"{np.mean(v):.4f} ± {np.ptp(v) / 2:.4f}" for v in found.values()]
            sizes = [str(len(roles["train"])), str(len(roles["test"]))]
            line = [name, str(options.length), str(pairs), *sizes, *values, f"{time.perf_counter() - began:.0f}"]
            out.write(f"| {' | '.join(line)} |\n")
            out.flush()


if __name__ == "__main__":
    main()
