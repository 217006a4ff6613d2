"""How long the published scores of one cell take, by part, beside the reference evaluation and our own TensorFlow back end.

    python -m tests.speed.score_speed [--dataset stocks] [--length 24] [--runs 5] [--tensorflow] [--device cpu]

One cell is three scores of five repetitions of all windows against as many generated ones. Times are process CPU seconds and
wall seconds on one thread, the median of the runs with the smallest and the largest. The TensorFlow back end computes one
repetition after another: one a run is timed, and five are five times that. The reference's seconds for Stocks at length 24 are
recorded ones (one thread, quiet machine): 15, 20 and 32 a repetition.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmark.run.blas import use_avx512_blas

use_avx512_blas(os.environ)
import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from benchmark.data import load_windows  # noqa: E402
from benchmark.data.catalogue import load_spec  # noqa: E402
from metrics.base import ScoreContext  # noqa: E402
from metrics.registry import load  # noqa: E402
from tests.metrics.corruptions import noise  # noqa: E402
from tests.speed.threads import single_thread  # noqa: E402
from tests.studies.record import MEASURED, read, table, write  # noqa: E402

REPETITIONS = range(5)
REFERENCE = {"discriminative": 5 * 15.0, "predictive": 5 * 20.0, "context_fid": 5 * 32.0}


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds of one call."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def _encoders(real: NDArray[np.float32], device: str) -> list[dict[str, Any]]:
    """Five encoders of the real windows, with these encoded."""
    return [load("context_fid")().prepare(real, seed, device) for seed in REPETITIONS]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="stocks")
    parser.add_argument("--length", type=int, default=24)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tensorflow", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--cache", type=Path, default=None)
    arguments = parser.parse_args()
    single_thread()
    spec = load_spec(arguments.dataset)
    real = load_windows(spec, arguments.length, "paper", cache_dir=arguments.cache, seed_for_split=0).train
    fake = noise(real, 0.1, 0)
    device = arguments.device
    fid = load("context_fid")()
    encoders: list[dict[str, Any]] = []
    parts: dict[str, Callable[[], object]] = {
        "discriminative": lambda: load("discriminative")().compute(
            real, fake, ScoreContext(seeds=REPETITIONS, device=device)
        ),
        "predictive": lambda: load("predictive")().compute(real, fake, ScoreContext(seeds=REPETITIONS, device=device)),
        "context_fid, encoders trained": lambda: encoders.__setitem__(slice(None), _encoders(real, device)),
        "context_fid, the rest": lambda: fid.compute(
            real, fake, ScoreContext(seeds=REPETITIONS, device=device, prepared=encoders)
        ),
    }
    if arguments.tensorflow:
        for name in ("discriminative", "predictive"):
            parts[f"{name}, TensorFlow"] = lambda name=name: load(name, "tensorflow")().compute(
                real, fake, ScoreContext(seeds=[0])
            )
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in parts}
    for _ in range(arguments.runs):  # the parts take turns, so that a busy spell of the machine meets all of them
        for name, work in parts.items():
            times = timed(work)
            scale = 5 if name.endswith("TensorFlow") else 1
            seconds[name].append((scale * times[0], scale * times[1]))
    ours = list(parts)[:4]
    seconds["cell"] = [
        tuple(map(sum, zip(*runs, strict=True))) for runs in zip(*(seconds[n] for n in ours), strict=True)
    ]
    cached = [ours[0], ours[1], ours[3]]
    seconds["cell, encoders cached"] = [
        tuple(map(sum, zip(*runs, strict=True))) for runs in zip(*(seconds[n] for n in cached), strict=True)
    ]
    rows = []
    for name, values in seconds.items():
        cpu, wall = ([value[k] for value in values] for k in (0, 1))
        rows.append([name, f"{median(cpu):.1f} ({min(cpu):.1f} to {max(cpu):.1f})", f"{median(wall):.1f}"])
    print(f"{arguments.dataset}, length {arguments.length}, {len(real)} + {len(fake)} windows, {arguments.runs} runs")  # noqa: T201
    print(table(["part, 5 repetitions", "CPU seconds, median (range)", "wall seconds"], rows))  # noqa: T201
    if (arguments.dataset, arguments.length) == ("stocks", 24):
        for name in ("cell", "cell, encoders cached"):
            ratio = sum(REFERENCE.values()) / median(value[0] for value in seconds[name])
            print(f"{name}: {ratio:.1f} times faster than the reference's recorded {sum(REFERENCE.values()):.0f} CPU s")  # noqa: T201
    path = MEASURED / "score_speed" / f"{arguments.dataset}_{arguments.length}_{device.partition(':')[0]}.json"
    write(path, {**read(path)["results"], **{name: [list(kv) for kv in values] for name, values in seconds.items()}})


if __name__ == "__main__":
    main()
