"""How often the metrics of copying and of utility raise an alarm over a perfect generator: the size of their tests.

    python -m tests.studies.copying_alarms [--series 200] [--first 0]

Each series is a drawn autoregression of first order (φ = 0.99, one feature, 1,850 rows), split as under protocol strict into
windows of 12 rows. Perfect are `oracle`, the validation windows, and `independent`, windows of a second long series of the same
distribution; in `tenth` one window in ten is a copy. An alarm is a p-value below 0.05; `z alone` takes windows for independent.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.signal import lfilter

from benchmark.data.split import Role, strict_blocks
from metrics.base import Blocks, ScoreContext, Windows
from metrics.registry import load

LENGTH = 12
ROWS = 1850
BURN_IN = 500
PHI = 0.99
QUANTILE = -1.6449
METRICS = ("data_copying", "membership_attack", "tstr_horizons", "augmentation_gain")


def drawn(rows: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A stationary series (rows,), its values mostly in 0 … 1."""
    noise = rng.standard_normal(rows + BURN_IN) * np.sqrt(1 - PHI**2)
    return 0.5 + lfilter([1], [1, -PHI], noise)[BURN_IN:] / 6


def windows_of(series: NDArray[np.float64]) -> Windows:
    """All windows (N, LENGTH, 1) of a series."""
    return sliding_window_view(series, LENGTH)[:, :, None].astype(np.float32)


def alarms(seed: int) -> dict[tuple[str, str], bool]:
    """The alarms of one drawn series by generator and metric."""
    rng = np.random.default_rng(seed)
    series = drawn(ROWS, rng)
    cuts: dict[Role, list[Windows]] = defaultdict(list)
    numbers: dict[Role, list[int]] = defaultdict(list)
    for number, block in enumerate(strict_blocks([ROWS], LENGTH)):
        cuts[block.role].append(windows_of(series[block.start : block.stop]))
        numbers[block.role] += [number] * len(cuts[block.role][-1])
    by_role = {role: np.concatenate(parts) for role, parts in cuts.items()}
    blocks = Blocks(*(np.array(numbers[role], np.intp) for role in ("test", "train", "validation")))
    training, real = by_role["train"], by_role["test"]
    context = ScoreContext(seeds=[seed], training=training, blocks=blocks)
    far = windows_of(drawn(20 * ROWS, rng))
    tenth = far[rng.integers(0, len(far), len(real))]
    tenth[: len(real) // 10] = training[rng.integers(0, len(training), len(real) // 10)]
    fakes = {
        "oracle": by_role["validation"],
        "independent": far[rng.integers(0, len(far), len(real))],
        "tenth": tenth,
    }
    found = {}
    for generator, fake in fakes.items():
        for name in METRICS:
            score = load(name)().compute(real, fake, context)
            found[generator, name] = score.details["p_value"][0] < 0.05
            if name == "data_copying":
                weights = np.array(score.details["cell_test"][0])
                found[generator, "z alone"] = score.mean < QUANTILE * np.linalg.norm(weights) / weights.sum()
    return found


def main() -> None:
    """Print the shares of alarms."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    every = [alarms(seed) for seed in range(options.first, options.first + options.series)]
    columns = ("z alone", *METRICS)
    out = sys.stdout
    out.write(f"| generator | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}\n")
    for generator in dict.fromkeys(generator for generator, _ in every[0]):
        shares = [f"{np.mean([one[generator, name] for one in every]):.3f}" for name in columns]
        out.write(f"| {generator} | {' | '.join(shares)} |\n")


if __name__ == "__main__":
    main()
