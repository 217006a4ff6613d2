"""What a training step gains where numbers below float32's normal range count as 0.

    python -m tests.speed.denormal_speed timevae,timemar_s [--dataset stocks] [--steps 12000] [--budget fast]

Both fits take the same seed and every stage `--steps` steps; one of them switches flushing off again at the start of each stage.
CPU milliseconds a step, one thread, medians over the last tenth of each stage. Run it on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import os
import time
from itertools import pairwise
from statistics import median

from benchmark.run.blas import use_avx512_blas

use_avx512_blas(os.environ)
import torch  # noqa: E402

from benchmark.config.generators import load_class, resolve  # noqa: E402
from benchmark.config.generators import load_spec as load_generator  # noqa: E402
from benchmark.data import load_windows  # noqa: E402
from benchmark.data.catalogue import load_spec  # noqa: E402
from benchmark.interface import FitContext, Progress  # noqa: E402
from benchmark.run.threads import single_thread  # noqa: E402
from tests.speed.generator_speed import Stopwatch, shortened  # noqa: E402
from tests.studies.record import table  # noqa: E402


class Unflushed(Stopwatch):
    """A stopwatch under which denormal numbers stay: the loop's first report comes after it has begun to flush them."""

    def report(self, progress: Progress) -> None:
        """See `Stopwatch.report`."""
        torch.set_flush_denormal(False)
        super().report(progress)


def last_steps(watch: Stopwatch, name: str, dataset: str, budget: str, steps: int) -> dict[str, float]:
    """Milliseconds of a late step, by stage."""
    spec, data_spec = load_generator(name), load_spec(dataset)
    windows = load_windows(data_spec, 24, "paper", seed_for_split=0).train
    place = {"dataset": dataset, "features": windows.shape[2], "length": 24, "budget": budget, "protocol": "paper"}
    params = shortened(resolve(spec, place, {}).params, steps)
    load_class(spec)(**params).fit(windows, FitContext(seed=0, progress=watch.report, stop_requested=watch.stop))
    late = {stage: ticks[-max(2, steps // 10) :] for stage, ticks in watch.ticks.items()}
    return {stage: 1000 * median(b - a for a, b in pairwise(ticks)) for stage, ticks in late.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("generators")
    parser.add_argument("--dataset", default="stocks")
    parser.add_argument("--budget", default="fast")
    parser.add_argument("--steps", type=int, default=12000)
    arguments = parser.parse_args()
    single_thread()
    rows = []
    for name in arguments.generators.split(","):
        setting = (name, arguments.dataset, arguments.budget, arguments.steps)
        plain = last_steps(Unflushed(time.process_time), *setting)
        flushed = last_steps(Stopwatch(time.process_time), *setting)
        rows += [
            [name, stage, f"{plain[stage]:.2f}", f"{flushed[stage]:.2f}", f"{plain[stage] / flushed[stage]:.2f}"]
            for stage in plain
        ]
    print(table(["generator", "stage", "denormal", "flushed", "times faster"], rows))  # noqa: T201


if __name__ == "__main__":
    main()
