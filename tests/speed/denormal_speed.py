"""What a training step gains where numbers below float32's normal range count as 0.

    python -m tests.speed.denormal_speed timevae,kovae [--dataset stocks] [--steps 12000]

Both fits take the same seed, the official sizes and `--steps` steps a stage; one of them switches flushing off again at the start
of each stage. CPU milliseconds a step, one thread, medians over the last tenth of each stage.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise
from statistics import median

import torch

from benchmark.interface import Progress
from tests.speed.generator_speed import Stopwatch, fitted
from tests.speed.threads import single_thread
from tests.studies.record import table


class Unflushed(Stopwatch):
    """A stopwatch under which denormal numbers stay: the loop's first report comes after it has begun to flush them."""

    def report(self, progress: Progress) -> None:
        """See `Stopwatch.report`."""
        torch.set_flush_denormal(False)
        super().report(progress)


def late_steps(watch: Stopwatch, name: str, dataset: str, steps: int) -> dict[str, float]:
    """Milliseconds of a late step, by stage."""
    fitted(name, dataset, 24, steps, "cpu", watch)
    late = {stage: ticks[-max(2, steps // 10) :] for stage, ticks in watch.ticks.items()}
    return {stage: 1000 * median(b - a for a, b in pairwise(ticks)) for stage, ticks in late.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("generators")
    parser.add_argument("--dataset", default="stocks")
    parser.add_argument("--steps", type=int, default=12000)
    arguments = parser.parse_args()
    single_thread()
    rows = []
    for name in arguments.generators.split(","):
        setting = (name, arguments.dataset, arguments.steps)
        plain, flushed = (late_steps(watch(time.process_time), *setting) for watch in (Unflushed, Stopwatch))
        rows += [
            [name, stage, f"{plain[stage]:.2f}", f"{flushed[stage]:.2f}", f"{plain[stage] / flushed[stage]:.2f}"]
            for stage in plain
        ]
    print(table(["generator", "stage", "denormal, ms", "flushed, ms", "times faster"], rows))  # noqa: T201


if __name__ == "__main__":
    main()
