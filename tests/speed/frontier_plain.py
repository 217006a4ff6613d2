"""FlowTS and KoVAE beside plain arrangements of the same mathematics with the same weights, in turns in one process.

    python -m tests.speed.frontier_plain [flowts,kovae] [--length 24] [--runs 5] [--steps 3] [--windows 200]

CPU seconds of one thread: medians of `--runs` blocks of `--steps` training steps (FlowTS 2 × 64 windows, KoVAE 64), and of as
many samplings of `--windows` windows (FlowTS one evaluation), with the smallest and the largest. That both arrangements give
the same is checked first. The plain ones are written from the specifications (`plain_flowts`, `plain_kovae`: separate query, key
and value maps, `torch.fft`, `torch.nn.GRU`, the cell in a loop); they are not the official code, whose recorded figures are in
`generator_speed`. Sizes are those of Stocks at budget `paper`; data are noise, which takes as long.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import torch
from torch import Tensor, nn

from baselines.diffusion.averaged import AveragedTask
from baselines.diffusion.learning_rate import Plateau, PlateauSchedule
from baselines.diffusion.prepared import PreparedNetwork
from baselines.diffusion.trend_season import Sizes
from baselines.flowts.flow import flow_loss, point
from baselines.flowts.network import FlowTSNetwork
from baselines.kovae.generator import KoVAE, SequenceTask
from baselines.kovae.network import KoVAENetwork
from baselines.kovae.network import Sizes as KoVAESizes
from benchmark.training import WeightAverage, build, raise_malloc_threshold
from tests.baselines.flowts.plain_flowts import plain
from tests.baselines.kovae.plain_kovae import PlainKoVAE
from tests.speed.threads import single_thread
from tests.studies.record import MEASURED, read, table, write

FEATURES, BATCH = 6, 64
Parts = dict[str, dict[str, Callable[[], object]]]


def generator(seed: int) -> torch.Generator:
    """A stream of random numbers."""
    return torch.Generator().manual_seed(seed)


def data(length: int) -> Tensor:
    """As many windows as Stocks has."""
    return torch.rand((3662, length, FEATURES), generator=generator(1))


class Trained:
    """A training step of ours on its task, and a plain one on a copy of the weights."""

    def __init__(
        self, task: AveragedTask | SequenceTask, plain_loss: Callable[[], Tensor], parameters: list[nn.Parameter]
    ):
        self.task, self.plain_loss, self.parameters = task, plain_loss, parameters
        self.optimizer = torch.optim.Adam(parameters, lr=1e-5)
        self.stream, self.taken = generator(2), 0

    def ours(self) -> None:
        """One step of the task."""
        self.task.step(self.taken, self.stream)
        self.taken += 1

    def plainly(self) -> None:
        """One step by the plain loss, which draws for itself; its gradient is cut as the task cuts it."""
        self.optimizer.zero_grad()
        self.plain_loss().backward()
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()


def flowts(length: int, windows: int) -> Parts:
    """FlowTS's training step and evaluation for sampling; raises AssertionError where the arrangements differ."""
    net = build(lambda: FlowTSNetwork(length, FEATURES, Sizes(64, 4, 2, 2, 1)), generator(0))
    other, scaled = copy.deepcopy(net), data(length) * 2 - 1
    x, times = torch.randn((windows, length, FEATURES), generator=generator(3)), torch.tensor([0.3])
    with torch.inference_mode():
        prepared = PreparedNetwork(copy.deepcopy(net), net.code(times))
        torch.testing.assert_close(prepared(x, 0), plain(other, x, times.expand(windows)), rtol=1e-3, atol=1e-2)
    task = AveragedTask(
        net,
        scaled,
        partial(flow_loss, net, "uniform"),
        batch=BATCH,
        micro_batches=2,
        learning_rate=PlateauSchedule(Plateau(1e-5, 8e-4, 500, 2000)),
        average=WeightAverage(net, lambda step: 0.995, every=10),
    )
    stream = generator(2)

    def loss() -> Tensor:
        total = x.new_zeros(())
        for _ in range(2):
            clean = scaled[torch.randint(len(scaled), (BATCH,), generator=stream)]
            noise, t = torch.randn(clean.shape, generator=stream), torch.rand(BATCH, generator=stream)
            total = total + ((plain(other, point(clean, noise, t), t) - (clean - noise)) ** 2).mean() / 2
        return total

    trained = Trained(task, loss, list(other.parameters()))

    def evaluated(velocity: Callable[[], Tensor]) -> Callable[[], object]:
        return torch.inference_mode()(velocity)

    return {
        "FlowTS, step of 2 x 64 windows": {"plain": trained.plainly, "ours": trained.ours},
        f"FlowTS, evaluation of {windows} windows": {
            "plain": evaluated(lambda: plain(other, x, times.expand(windows))),
            "ours": evaluated(lambda: prepared(x, 0)),
        },
    }


def kovae(length: int, windows: int) -> Parts:
    """KoVAE's training step and sampling; raises AssertionError where the arrangements differ."""
    net = build(lambda: KoVAENetwork(FEATURES, KoVAESizes(16, 20, 3)), generator(0))
    other, values = PlainKoVAE(copy.deepcopy(net)), KoVAE(divergence_weight=0.009, koopman_weight=0.03).parameters()
    noise = torch.randn((length, windows, 16), generator=generator(3))
    with torch.inference_mode():
        torch.testing.assert_close(net.decode(net.draw(noise)[0]), other.sample(noise), rtol=1e-4, atol=1e-4)
    shown, stream = data(length), generator(2)

    def loss() -> Tensor:
        clean = shown[torch.randint(len(shown), (BATCH,), generator=stream)]
        noise, prior_noise = torch.randn((2, length, BATCH, 16), generator=stream)
        return other.loss(clean, noise, prior_noise, (0.009, 0.03))

    trained = Trained(SequenceTask(net, shown, values, 1000), loss, list(other.parameters()))
    return {
        "KoVAE, step of 64 windows": {"plain": trained.plainly, "ours": trained.ours},
        f"KoVAE, {windows} windows": {
            "plain": torch.inference_mode()(lambda: other.sample(noise)),
            "ours": torch.inference_mode()(lambda: net.decode(net.draw(noise)[0])),
        },
    }


def measured(parts: Parts, runs: int, steps: int) -> dict[str, dict[str, list[float]]]:
    """CPU seconds a call by part and arrangement, in turns, after a block of each that is not counted."""
    found: dict[str, dict[str, list[float]]] = {name: {which: [] for which in works} for name, works in parts.items()}
    for run in range(runs + 1):
        for name, works in parts.items():
            for which, work in works.items():
                started = time.process_time()
                for _ in range(steps):
                    work()
                if run:
                    found[name][which].append((time.process_time() - started) / steps)
    return found


def shown(values: list[float]) -> str:
    """Median and range in milliseconds."""
    return f"{1000 * median(values):.1f} ({1000 * min(values):.1f} to {1000 * max(values):.1f})"


def main() -> None:
    """Check, measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("generators", nargs="?", default="flowts,kovae")
    parser.add_argument("--length", type=int, default=24)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--windows", type=int, default=200)
    arguments = parser.parse_args()
    single_thread()
    raise_malloc_threshold()
    made = {"flowts": flowts, "kovae": kovae}
    parts: Parts = {}
    for name in arguments.generators.split(","):
        parts |= made[name](arguments.length, arguments.windows)
    found = measured(parts, arguments.runs, arguments.steps)
    path = MEASURED / "generator_speed" / "frontier_plain.json"
    kept = read(path)["results"]
    write(path, {**kept, str(arguments.length): {**kept.get(str(arguments.length), {}), **found}})
    rows = [
        [part, shown(times["plain"]), shown(times["ours"]), f"{median(times['plain']) / median(times['ours']):.1f}"]
        for part, times in found.items()
    ]
    print(table(["part", "plain, CPU ms", "ours, CPU ms", "times faster"], rows))  # noqa: T201


if __name__ == "__main__":
    main()
