"""Diffusion-TS beside a plain arrangement of the same mathematics with the same weights, in turns in one process.

    python -m tests.speed.diffusion_ts_plain [--length 24] [--runs 5] [--steps 10] [--windows 200]

CPU seconds of one thread: medians of `--runs` blocks of `--steps` training steps (2 × 64 windows) and sampling steps (`--windows`
windows, DDPM), with the smallest and the largest. That both predict and learn the same is checked first. The plain arrangement is
written from the specification (`tests.baselines.diffusion_ts.plain_diffusion_ts`); it is not the official code, whose recorded
figures are in `generator_speed`. Sizes are those of Stocks at budget `paper`; data are noise, which takes as long.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable
from statistics import median

import torch

from baselines.diffusion.averaged import AveragedTask
from baselines.diffusion.learning_rate import Plateau, PlateauSchedule
from baselines.diffusion.sampler import Predict, sample_ancestral
from baselines.diffusion.schedule import NoiseSchedule, cosine_betas
from baselines.diffusion.trend_season import Sizes
from baselines.diffusion_ts.network import DiffusionTSNetwork
from baselines.diffusion_ts.training import TimeFrequencyLoss
from benchmark.training import WeightAverage, build, raise_malloc_threshold
from tests.baselines.diffusion_ts.plain_diffusion_ts import plain, plain_step
from tests.speed.threads import single_thread
from tests.studies.record import MEASURED, read, table, write

FEATURES, BATCH, MICRO_BATCHES, STEPS = 6, 64, 2, 500
SIZES = Sizes(width=64, heads=4, encoder_layers=2, decoder_layers=2, season_kernel=1)


def generator(seed: int) -> torch.Generator:
    """A stream of random numbers."""
    return torch.Generator().manual_seed(seed)


class Both:
    """The two arrangements of one network for windows of a length."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.schedule = NoiseSchedule.of(cosine_betas(STEPS))
        self.net = build(lambda: DiffusionTSNetwork(length, FEATURES, SIZES, STEPS), generator(0))
        self.other = copy.deepcopy(self.net)
        self.task = AveragedTask(
            self.net,
            torch.rand((3662, length, FEATURES), generator=generator(1)) * 2 - 1,
            TimeFrequencyLoss(self.net, self.schedule, length),
            batch=BATCH,
            micro_batches=MICRO_BATCHES,
            learning_rate=PlateauSchedule(Plateau(1e-5, 8e-4, 500, 2000)),
            average=WeightAverage(self.net, lambda step: 0.995, every=10),
        )
        self.optimizer = torch.optim.Adam(self.other.parameters(), lr=1e-5, betas=(0.9, 0.96))
        self.streams, self.taken = (generator(2), generator(2)), 0

    def train(self) -> None:
        """A training step of ours."""
        self.task.step(self.taken, self.streams[0])
        self.taken += 1

    def train_plainly(self) -> None:
        """A training step of the plain arrangement, on windows and noise drawn as ours are."""
        first, stream = self.taken * MICRO_BATCHES, self.streams[1]
        clean = torch.cat([self.task.batches.draw(first + place, stream) for place in range(MICRO_BATCHES)])
        steps = torch.randint(STEPS, (len(clean),), generator=stream)
        noise = torch.randn(clean.shape, generator=stream)
        batches = list(zip(*(part.split(BATCH) for part in (clean, steps, noise)), strict=True))
        plain_step(self.other, self.optimizer, batches, self.schedule)

    @torch.inference_mode()
    def sample(self, predict: Predict, windows: int, steps: int) -> torch.Tensor:
        """The windows after the last `steps` sampling steps from noise."""
        noise = torch.randn((windows, self.length, FEATURES), generator=generator(3))
        last = NoiseSchedule.of(self.schedule.betas[:steps])
        return sample_ancestral(predict, last, noise, generator(4), clamp=True)

    def predict(self, x: torch.Tensor, step: int) -> torch.Tensor:
        """The estimate of x_0 by ours."""
        return self.net(x, torch.tensor([step]))

    def predict_plainly(self, x: torch.Tensor, step: int) -> torch.Tensor:
        """The estimate of x_0 by the plain arrangement, on our weights."""
        return plain(self.net, x, torch.full((len(x),), step))

    def check(self) -> None:
        """Raise AssertionError unless one step of each gives the same gradients and both sample the same windows."""
        self.train_plainly()
        self.train()
        for (name, ours), theirs in zip(self.net.named_parameters(), self.other.parameters(), strict=True):
            torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-3, atol=1e-5, msg=f"gradients of {name} differ")
        made = self.sample(self.predict, 20, 5), self.sample(self.predict_plainly, 20, 5)
        torch.testing.assert_close(*made, rtol=1e-4, atol=1e-4)


def seconds(work: Callable[[], object], steps: int) -> float:
    """CPU seconds a step of work that takes `steps`."""
    started = time.process_time()
    work()
    return (time.process_time() - started) / steps


def measured(both: Both, runs: int, steps: int, windows: int) -> dict[str, dict[str, list[float]]]:
    """Seconds a step by part and arrangement, in turns, after a block of each that is not counted."""

    def repeated(step: Callable[[], None]) -> Callable[[], None]:
        return lambda: [step() for _ in range(steps)] and None

    parts: dict[str, dict[str, Callable[[], object]]] = {
        f"training, {MICRO_BATCHES} x {BATCH} windows": {
            "plain": repeated(both.train_plainly),
            "ours": repeated(both.train),
        },
        f"sampling, {windows} windows": {
            "plain": lambda: both.sample(both.predict_plainly, windows, steps),
            "ours": lambda: both.sample(both.predict, windows, steps),
        },
    }
    found: dict[str, dict[str, list[float]]] = {name: {"plain": [], "ours": []} for name in parts}
    for run in range(runs + 1):
        for name, works in parts.items():
            for which, work in works.items():
                taken = seconds(work, steps)
                if run:
                    found[name][which].append(taken)
    return found


def shown(values: list[float]) -> str:
    """Median and range in milliseconds."""
    return f"{1000 * median(values):.1f} ({1000 * min(values):.1f} to {1000 * max(values):.1f})"


def main() -> None:
    """Check, measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--length", type=int, default=24)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--windows", type=int, default=200)
    arguments = parser.parse_args()
    single_thread()
    raise_malloc_threshold()
    both = Both(arguments.length)
    both.check()
    found = measured(both, arguments.runs, arguments.steps, arguments.windows)
    path = MEASURED / "generator_speed" / "diffusion_ts_plain.json"
    write(path, {**read(path)["results"], str(arguments.length): found})
    rows = [
        [part, shown(times["plain"]), shown(times["ours"]), f"{median(times['plain']) / median(times['ours']):.1f}"]
        for part, times in found.items()
    ]
    print(table(["step", "plain, CPU ms", "ours, CPU ms", "times faster"], rows))  # noqa: T201


if __name__ == "__main__":
    main()
