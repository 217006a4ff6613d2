"""Seconds a training step of each stage and seconds to sample 1,000 windows, beside the recorded figures of the official code.

    python -m tests.speed.generator_speed timevae,diffusion_ts [--dataset stocks] [--length 24] [--runs 5] [--device cpu]

Sizes and batches are those of budget `paper`, and DiffWave's and DiffTime's those that their code was timed with. Times are
process CPU seconds on one thread (wall seconds on an accelerator): of a step, the median of `--runs` blocks of steps after the
first, which is not counted; of 1,000 windows, the median of as many calls after one of 16 windows, or a single call where it
takes over a minute. The recorded figures are CPU seconds of one thread for Stocks at length 24, on a busy machine.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from benchmark.run.blas import use_avx512_blas

use_avx512_blas(os.environ)
from benchmark.config.generators import load_class, resolve  # noqa: E402
from benchmark.config.generators import load_spec as load_generator  # noqa: E402
from benchmark.data import load_windows  # noqa: E402
from benchmark.data.catalogue import load_spec  # noqa: E402
from benchmark.interface import FitContext, Generator, Progress  # noqa: E402
from tests.speed.threads import single_thread  # noqa: E402
from tests.studies.record import MEASURED, read, table, write  # noqa: E402

SAMPLED = 1000
SLOW = 60.0
# Every stage as long as its blocks need; the parameter's name ends in what it counts.
LENGTHS = ("steps", "stage1_steps", "stage2_steps", "embedding_steps", "supervised_steps", "joint_steps")
WITHOUT = ("epochs", "stage1_epochs", "stage2_epochs", "stage1_warmup", "stage2_warmup", "warmup")
# CPU seconds of one thread: steps by stage, 1,000 windows. TimeGAN's are those of a port.
OFFICIAL: dict[str, tuple[dict[str, float], float]] = {
    "diffusion_ts": ({"denoiser": 0.15}, 260.0),
    "sdformer": ({"stage1": 0.86, "stage2": 7.2}, 10.1),
    "timevae": ({"vae": 0.0042}, 0.094),
    "difftime": ({"denoiser": 0.84}, 345.0),
    "diffwave": ({"denoiser": 0.18}, 52.0),
    "timegan": ({"embedding": 0.060, "supervised": 0.045, "joint": 0.60}, 0.09),
    "cotgan": ({"adversarial": 0.113}, 0.034),
    "flowts": ({"denoiser": 0.20}, 53.0),
    "kovae": ({"vae": 0.076}, 0.072),
}
# What the official code was timed with where that is not its own training's: batches of 64, 50 sampling steps.
RECORDED_WITH: dict[str, dict[str, object]] = {
    "diffwave": {"batch": 64, "diffusion_steps": 50, "first_beta": 0.0001, "last_beta": 0.05},
    "difftime": {"batch": 64},
}


@dataclass
class Stopwatch:
    """Reads a clock at every step of a fit: the loop asks once a step whether to stop, and names a stage when it starts."""

    clock: Callable[[], float]
    stage: str = ""
    ticks: dict[str, list[float]] = field(default_factory=dict)

    def report(self, progress: Progress) -> None:
        """Take down which stage runs."""
        self.stage = progress.stage

    def stop(self) -> bool:
        """Take down the time; never a stop."""
        self.ticks.setdefault(self.stage, []).append(self.clock())
        return False

    def seconds(self, runs: int) -> dict[str, list[float]]:
        """Mean seconds a step of each block, by stage."""
        found = {}
        for stage, ticks in self.ticks.items():
            if (size := (len(ticks) - 1) // (runs + 1)) > 0:
                at = ticks[::size][1 : runs + 2]
                found[stage] = [(b - a) / size for a, b in pairwise(at)]
        return found


def shortened(params: dict[str, object], steps: int) -> dict[str, object]:
    """The parameters with every stage `steps` long."""
    short = {name: steps for name in LENGTHS if name in params}
    none = {name: (0 if "warmup" in name else None) for name in WITHOUT if name in params}
    return {**params, **none, **short}


def fitted(name: str, dataset: str, length: int, steps: int, device: str, watch: Stopwatch) -> Generator:
    """The generator at its official sizes after `steps` steps a stage."""
    spec = load_generator(name)
    place = {"dataset": dataset, "features": load_spec(dataset).features, "length": length, "budget": "paper"}
    params = shortened({**resolve(spec, place, {}).params, **RECORDED_WITH.get(name, {})}, steps)
    data = load_windows(load_spec(dataset), length, "paper", seed_for_split=0).train
    context = FitContext(seed=0, device=device, progress=watch.report, stop_requested=watch.stop)
    return load_class(spec)(**params).fit(data, context)


def sampling(generator: Generator, runs: int, clock: Callable[[], float]) -> list[float]:
    """Seconds of each call for 1,000 windows."""
    generator.sample(16, 0)
    seconds: list[float] = []
    while len(seconds) < runs and (not seconds or seconds[0] < SLOW):
        started = clock()
        generator.sample(SAMPLED, len(seconds))
        seconds.append(clock() - started)
    return seconds


def shown(values: list[float]) -> str:
    """Median and range to two figures."""
    return f"{median(values):.2g} ({min(values):.2g} to {max(values):.2g})"


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("generators")
    parser.add_argument("--dataset", default="stocks")
    parser.add_argument("--length", type=int, default=24)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--block", type=int, default=4, help="steps in a block")
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    device = arguments.device
    clock = time.process_time if device == "cpu" else time.perf_counter
    if device == "cpu":
        single_thread()
    path = MEASURED / "generator_speed" / f"{arguments.dataset}_{arguments.length}_{device.partition(':')[0]}.json"
    for name in arguments.generators.split(","):
        watch = Stopwatch(clock)
        steps = arguments.block * (arguments.runs + 1) + 1
        generator = fitted(name, arguments.dataset, arguments.length, steps, device, watch)
        times = watch.seconds(arguments.runs)
        times[f"{SAMPLED} windows"] = sampling(generator, arguments.runs, clock)
        write(path, {**read(path)["results"], name: times})
    rows = []
    for name, times in read(path)["results"].items():
        steps_before, sampling_before = OFFICIAL.get(name, ({}, None))
        for part, values in times.items():
            before = sampling_before if part.endswith("windows") else steps_before.get(part)
            known = before is not None and (arguments.dataset, arguments.length, device) == ("stocks", 24, "cpu")
            rows.append(
                [name, part, shown(values)] + ([f"{before:g}", f"{before / median(values):.1f}"] if known else ["", ""])
            )
    print(table(["generator", "part", "CPU seconds", "official, recorded", "times faster"], rows))  # noqa: T201


if __name__ == "__main__":
    main()
