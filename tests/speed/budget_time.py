"""Minutes that a budget trains for and samples, from the CPU time of single steps: what a cell will take before it is run.

    python -m tests.speed.budget_time timevae,difftime --dataset etth --length 256 [--budget fast]

One thread. Every stage takes a few steps on the first 200 windows; the median times the stage's number of steps is its time.
Sampling is that of ten windows, times as many as the data set has.
"""

from __future__ import annotations

import argparse
import os
import time
from itertools import pairwise
from statistics import median

from benchmark.run.blas import use_avx512_blas

use_avx512_blas(os.environ)
from benchmark.config.generators import load_class, resolve  # noqa: E402
from benchmark.config.generators import load_spec as load_generator  # noqa: E402
from benchmark.data import load_windows  # noqa: E402
from benchmark.data.catalogue import load_spec  # noqa: E402
from benchmark.interface import FitContext  # noqa: E402
from tests.speed.generator_speed import LENGTHS, Stopwatch  # noqa: E402
from tests.speed.threads import single_thread  # noqa: E402
from tests.studies.record import table  # noqa: E402

STEPS, WINDOWS, SAMPLED = 4, 200, 10


def minutes(name: str, dataset: str, length: int, budget: str) -> list[str]:
    """A generator's row: seconds a step by stage, minutes of training and of sampling."""
    data_spec, spec = load_spec(dataset), load_generator(name)
    windows = load_windows(data_spec, length, "paper", seed_for_split=0).train
    place = {"dataset": dataset, "features": windows.shape[2], "length": length, "budget": budget, "protocol": "paper"}
    params = resolve(spec, place, {}).params
    full = {key: params[key] for key in LENGTHS if params.get(key) is not None}
    if isinstance(warmup := params.get("stage1_warmup"), int):  # SDformer's are steps on top, TimeMAR's a share
        full["stage1_steps"] += warmup
        params["stage1_warmup"] = 0
    watch = Stopwatch(time.process_time)
    context = FitContext(seed=0, progress=watch.report, stop_requested=watch.stop)
    made = load_class(spec)(**{**params, **dict.fromkeys(full, STEPS)}).fit(windows[:WINDOWS], context)
    a_step = {stage: median(b - a for a, b in pairwise(ticks[1:])) for stage, ticks in watch.ticks.items()}
    training = sum(seconds * full.get(f"{stage}_steps", full.get("steps", 0)) for stage, seconds in a_step.items())
    started = time.process_time()
    made.sample(SAMPLED, 0)
    sampling = (time.process_time() - started) / SAMPLED * len(windows)
    shown = ", ".join(f"{stage} {seconds:.2g}" for stage, seconds in a_step.items())
    return [name, dataset, str(length), shown, f"{training / 60:.0f}", f"{sampling / 60:.0f}"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("generators")
    parser.add_argument("--dataset", default="stocks")
    parser.add_argument("--length", type=int, default=24)
    parser.add_argument("--budget", default="fast")
    arguments = parser.parse_args()
    single_thread()
    rows = [
        minutes(name, arguments.dataset, arguments.length, arguments.budget) for name in arguments.generators.split(",")
    ]
    header = ["generator", "data set", "length", "CPU seconds a step", "training, minutes", "sampling, minutes"]
    print(table(header, rows))  # noqa: T201


if __name__ == "__main__":
    main()
