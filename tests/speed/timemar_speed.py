"""TimeMAR's sampling with and without its key/value cache at four lengths, and what a training step of each stage is made of.

    python -m tests.speed.timemar_speed [--sizes timemar_s,timemar_l] [--runs 5] [--windows 3662] [--steps 10]

CPU seconds of one thread, medians with the smallest and the largest. Sampling is timed on models with untrained weights, which
take as long as trained ones. Without the cache every token takes a pass over all before it. Where a call would be long, fewer
windows are drawn and the seconds are scaled, since they are proportional to the number of windows (the row says how many). The
exponent is the slope of log seconds by log length. Shares are those of a profile of training steps, by operation.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import defaultdict
from statistics import median
from typing import Any

from benchmark.run.blas import use_avx512_blas

use_avx512_blas(os.environ)
import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from benchmark.config.generators import load_spec as load_generator  # noqa: E402
from benchmark.config.generators import resolve  # noqa: E402
from benchmark.data import load_windows  # noqa: E402
from benchmark.data.catalogue import load_spec  # noqa: E402
from benchmark.interface import FitContext, Progress  # noqa: E402
from benchmark.training.tokens import invert  # noqa: E402
from tests.speed.threads import single_thread  # noqa: E402
from tests.studies.record import MEASURED, read, table, write  # noqa: E402
from timemar.config import Sampling  # noqa: E402
from timemar.generator import TimeMAR  # noqa: E402
from timemar.sampling import probabilities  # noqa: E402
from timemar.transformer import TokenTransformer  # noqa: E402

LENGTHS = (24, 64, 128, 256)
WITH_CACHE = {"timemar_s": (3662, 3662, 1000, 500), "timemar_l": (3662, 500, 300, 150)}
WITHOUT_CACHE = {"timemar_s": (3662, 1000, 500, 200), "timemar_l": (200, 100, 50, 20)}
DATASET, FEATURES = "stocks", 6


def untrained(size: str, length: int, **changes: object) -> TimeMAR:
    """The model after one step a stage, at the sizes of budget `fast`."""
    place = {"dataset": DATASET, "features": FEATURES, "length": length, "budget": "fast"}
    params = {**resolve(load_generator(size), place, {}).params, "stage1_steps": 1, "stage2_steps": 1, **changes}
    data = load_windows(load_spec(DATASET), length, "paper", seed_for_split=0).train
    return TimeMAR(**params).fit(data[:512], FitContext(seed=0))


@torch.no_grad()
def draw_without_cache(model: TokenTransformer, uniforms: Tensor, batch: int = 256) -> Tensor:
    """The tokens (B, n) that the cached sampler draws, by a whole pass over the tokens so far for each."""
    drawn = []
    for part in uniforms.split(batch):
        inputs = torch.full((len(part), 1), model.vocab_size)
        for position in range(model.tokens):
            token = invert(probabilities(model(inputs)[:, -1], Sampling()), part[:, position])
            inputs = torch.cat([inputs, token[:, None]], dim=1)
        drawn.append(inputs[:, 1:])
    return torch.cat(drawn)


def sampling(size: str, length: int, windows: int, runs: int) -> dict[str, Any]:
    """CPU seconds for `windows` windows: whole samples and tokens, with the cache, and tokens without it."""
    made = untrained(size, length)
    made.sample(16, 0)
    found: dict[str, Any] = {"samples": [], "tokens": [], "tokens, no cache": []}
    drawn, few = (min(windows, counts[size][LENGTHS.index(length)]) for counts in (WITH_CACHE, WITHOUT_CACHE))
    for run in range(runs):
        for name, work in (("samples", made.sample), ("tokens", made.sample_tokens)):
            found[name].append(_seconds(lambda work=work, run=run: work(drawn, run)) * windows / drawn)
        if run == 0:
            uniforms = torch.rand((few, made.transformer_.tokens), dtype=torch.float64)
            taken = _seconds(lambda uniforms=uniforms: draw_without_cache(made.transformer_, uniforms))
            found["tokens, no cache"].append(taken * windows / few)
    found |= {
        "windows": windows,
        "drawn": drawn,
        "drawn without cache": few,
        "tokens a window": made.transformer_.tokens,
    }
    return found


def _seconds(work: Any) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def training(size: str, steps: int) -> dict[str, Any]:
    """CPU seconds of each training step after two, by stage, and the shares of the six dearest operations."""
    stage, ticks = "", defaultdict(list)

    def report(progress: Progress) -> None:
        nonlocal stage
        stage = progress.stage

    def tick() -> bool:
        ticks[stage].append(time.process_time())
        return False

    place = {"dataset": DATASET, "features": FEATURES, "length": 24, "budget": "fast"}
    lengths = {"stage1_steps": steps + 2, "stage2_steps": steps + 2}
    made = TimeMAR(**{**resolve(load_generator(size), place, {}).params, **lengths})
    data = load_windows(load_spec(DATASET), 24, "paper", seed_for_split=0).train
    made.fit(data, FitContext(seed=0, progress=report, stop_requested=tick))
    found: dict[str, Any] = {}
    for name in ("stage1", "stage2"):
        found[name] = {"seconds": np.diff(ticks[name])[1:].tolist(), "batch": made.parameters()[f"{name}_batch"]}
    # The profile: one fit of few steps a stage, less what the other stage and the measurements after training cost.
    for name, other in (("stage1", "stage2"), ("stage2", "stage1")):
        few = {f"{name}_steps": 12, f"{other}_steps": 1}
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
            TimeMAR(**{**made.parameters(), **few}).fit(data[:64], FitContext(seed=0))
        times = {event.key: event.self_cpu_time_total for event in profile.key_averages()}
        total = sum(times.values())
        found[name]["shares"] = {k: v / total for k, v in sorted(times.items(), key=lambda item: -item[1])[:6]}
    return found


def shown(values: list[float], scale: float = 1.0) -> str:
    """Median and range."""
    return f"{scale * median(values):.2f} ({scale * min(values):.2f} to {scale * max(values):.2f})"


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="timemar_s,timemar_l")
    parser.add_argument("--windows", type=int, default=3662)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10)
    arguments = parser.parse_args()
    single_thread()
    path = MEASURED / "timemar_speed" / f"{DATASET}_cpu.json"
    for size in arguments.sizes.split(","):
        found = {"training": training(size, arguments.steps), "sampling": {}}
        for length in LENGTHS:
            found["sampling"][str(length)] = sampling(size, length, arguments.windows, arguments.runs)
        write(path, {**read(path)["results"], size: found})
    steps, draws = [], []
    for size, found in read(path)["results"].items():
        for name, entry in found["training"].items():
            shares = ", ".join(f"{key.removeprefix('aten::')} {share:.0%}" for key, share in entry["shares"].items())
            milliseconds = shown(entry["seconds"], 1000)
            steps.append([size, name, str(entry["batch"]), milliseconds, f"{1 / median(entry['seconds']):.1f}", shares])
        by_length = found["sampling"]
        for length, entry in by_length.items():
            few = entry["drawn without cache"]
            times = [shown(entry[name]) for name in ("samples", "tokens", "tokens, no cache")]
            ratio = median(entry["tokens, no cache"]) / median(entry["tokens"])
            draws.append(
                [size, length, str(entry["tokens a window"]), *times, f"{entry['drawn']}, {few}", f"{ratio:.1f}"]
            )
        seconds = [median(entry["samples"]) for entry in by_length.values()]
        exponent = np.polyfit(np.log([int(length) for length in by_length]), np.log(seconds), 1)[0]
        draws.append([size, "exponent", "", f"{exponent:.2f}", "", "", "", ""])
    print(table(["size", "stage", "batch", "ms a step", "steps a second", "dearest operations"], steps))  # noqa: T201
    head = ["size", "length", "tokens", "samples, s", "tokens, s", "tokens without cache, s", "drawn", "ratio"]
    print(table(head, draws))  # noqa: T201


if __name__ == "__main__":
    main()
