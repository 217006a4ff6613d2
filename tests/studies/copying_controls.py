"""The metrics of copying and of utility for generators whose quality is known, under protocol strict, as a Markdown table.

    python -m tests.studies.copying_controls --data-dir FOLDER [--dataset stocks ...] [--generator copy ...] [--seeds 5]

Every control is fitted and sampled once, as the harness does it; a value is the mean over the repetitions, and so are the ends of
its 95 % interval and its p-value. One process, one thread.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from baselines.controls.block_bootstrap import BlockBootstrap
from baselines.controls.copy import Copy
from baselines.controls.gaussian import Gaussian
from baselines.controls.jitter import Jitter
from baselines.controls.oracle import Oracle
from benchmark.data import WindowSet, load_spec, load_windows
from benchmark.interface import FitContext, Generator, Windows
from benchmark.seeds import derive_seed
from metrics.base import Blocks, Score, ScoreContext
from metrics.registry import load

DATASETS = ("stocks", "etth", "sines")
GENERATORS: dict[str, type[Generator]] = {
    "oracle": Oracle,
    "copy": Copy,
    "jitter": Jitter,
    "gaussian": Gaussian,
    "block_bootstrap": BlockBootstrap,
}
METRICS = ("data_copying", "membership_attack", "tstr_horizons", "augmentation_gain")
HEADER = (
    "data set", "n", "generator", "C_T", "z", "z by blocks", "p", "attack AUC", "by whole windows", "TSTR-h", "p", "gain, %", "p",
    "seconds",
)  # fmt: skip


def windows_of(name: str, length: int, data_dir: Path) -> WindowSet:
    """The windows of a data set by role."""
    seed = derive_seed("split", name, length, "strict")
    return load_windows(load_spec(name), length, "strict", data_dir=data_dir, seed_for_split=seed)


def sampled(name: str, found: WindowSet) -> Windows:
    """As many windows of a control as there are test windows."""
    generator = GENERATORS[name]()
    handed = found.real_disjoint if generator.uses_real_disjoint else None
    generator.fit(found.train, FitContext(seed=0, real_disjoint=handed))
    return generator.sample(len(found.test), derive_seed("sample", name))


def interval(score: Score, prefix: str = "", digits: int = 3, scale: float = 1.0) -> str:
    """The mean value (or that of the detail `prefix`) with its interval."""
    values = score.details[prefix] if prefix else score.values
    low, high = (score.details[f"{prefix}_{end}" if prefix else end] for end in ("low", "high"))
    middle, *ends = (f"{scale * np.mean(numbers):.{digits}f}" for numbers in (values, low, high))
    return f"{middle} [{', '.join(ends)}]"


def chance(score: Score) -> str:
    """The mean p-value."""
    return f"{np.mean(score.details['p_value']):.3f}"


def line(scores: Sequence[Score]) -> list[str]:
    """The columns of one generator."""
    copying, attack, utility, gain = scores
    z, by_blocks = (f"{np.mean(copying.details[name]):.2f}" for name in ("z", "z_blocks"))
    found = [f"{copying.mean:.2f}", z, by_blocks, chance(copying), interval(attack), interval(attack, "whole")]
    return [*found, interval(utility), chance(utility), interval(gain, digits=1, scale=100), chance(gain)]


def main() -> None:
    """Print a table, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--dataset", nargs="+", default=list(DATASETS))
    parser.add_argument("--generator", nargs="+", choices=GENERATORS, default=list(GENERATORS))
    parser.add_argument("--length", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    out = sys.stdout
    out.write(f"| {' | '.join(HEADER)} |\n|{'---|' * len(HEADER)}\n")
    for dataset in options.dataset:
        found = windows_of(dataset, options.length, options.data_dir)
        context = ScoreContext(
            seeds=range(options.seeds),
            training=found.train,
            validation=found.validation,
            blocks=Blocks(found.blocks["test"], found.blocks["train"], found.blocks["validation"]),
        )
        for generator in options.generator:
            fake = sampled(generator, found)
            began = time.perf_counter()
            scores = [load(name)().compute(found.test, fake, context) for name in METRICS]
            seconds = f"{time.perf_counter() - began:.0f}"
            title = load_spec(dataset).title
            out.write(f"| {' | '.join([title, f'{len(fake):,}', generator, *line(scores), seconds])} |\n")
            out.flush()


if __name__ == "__main__":
    main()
