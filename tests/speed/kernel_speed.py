"""Seconds by oneDNN, which `benchmark.training.kernels` chooses on AMD with AVX-512, and by PyTorch's own path, in turns.

    python -m tests.speed.kernel_speed [timemar_s,sdformer,diffusion_ts] [--runs 5]

CPU seconds of one thread on Stocks at length 24 and budget `fast`: medians over `--runs` fits of a training step of each stage
and of 1,000 windows (of which Diffusion-TS takes 25 sampling steps). The ratio is the median over the runs of PyTorch's own path
divided by oneDNN's; on another processor it says what the rule would change there.
"""

from __future__ import annotations

import argparse
import logging
import time
from itertools import pairwise
from statistics import median

from benchmark.config.generators import load_class, load_spec, resolve
from benchmark.data import load_windows
from benchmark.data.catalogue import load_spec as load_dataset
from benchmark.interface import FitContext
from benchmark.training import kernels
from tests.speed.generator_speed import SAMPLED, Stopwatch
from tests.speed.threads import single_thread
from tests.studies.record import table

CHANGES: dict[str, dict[str, object]] = {
    "timemar_s": {"stage1_steps": 12, "stage2_steps": 12},
    "sdformer": {"stage1_steps": 4, "stage1_warmup": 0, "stage2_steps": 4},
    "diffusion_ts": {"steps": 8, "sampling_steps": 25},
}
LIBRARIES = {"oneDNN": True, "PyTorch": False}


def measured(name: str, onednn: bool) -> dict[str, float]:
    """Seconds of a step by stage and of 1,000 windows, by one library."""
    kernels.is_amd_with_avx512 = lambda: onednn  # type: ignore[assignment, misc]
    place = {"dataset": "stocks", "features": 6, "length": 24, "budget": "fast"}
    spec = load_spec(name)
    data = load_windows(load_dataset("stocks"), 24, "paper", seed_for_split=0).train
    watch = Stopwatch(time.process_time)
    context = FitContext(seed=0, progress=watch.report, stop_requested=watch.stop)
    made = load_class(spec)(**{**resolve(spec, place, {}).params, **CHANGES[name]}).fit(data[:512], context)
    found = {stage: median(b - a for a, b in pairwise(ticks[1:])) for stage, ticks in watch.ticks.items()}
    started = time.process_time()
    made.sample(SAMPLED, 0)
    return {**found, f"{SAMPLED} windows": time.process_time() - started}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("generators", nargs="?", default=",".join(CHANGES))
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    single_thread()
    logging.disable(logging.WARNING)
    print(table(["generator", "part", "oneDNN, s", "PyTorch, s", "ratio"], []))  # noqa: T201
    for name in arguments.generators.split(","):
        runs = [
            {library: measured(name, onednn) for library, onednn in LIBRARIES.items()} for _ in range(arguments.runs)
        ]
        for part in runs[0]["oneDNN"]:
            ours, theirs = ([run[library][part] for run in runs] for library in LIBRARIES)
            ratio = median(b / a for a, b in zip(ours, theirs, strict=True))
            print(f"| {name} | {part} | {median(ours):.3f} | {median(theirs):.3f} | {ratio:.2f} |", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
