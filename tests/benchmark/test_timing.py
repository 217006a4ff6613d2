from __future__ import annotations

import itertools

import numpy as np

from benchmark.timing import REPETITIONS, WINDOWS, time_sampling


class Counting:
    def __init__(self) -> None:
        self.calls: list[tuple[int, int]] = []

    def sample(self, n: int, seed: int) -> np.ndarray:
        self.calls.append((n, seed))
        return np.zeros((n, 4, 1), np.float32)


def test_the_median_leaves_the_warm_up_out_and_every_generator_samples_the_same_number() -> None:
    # Pairs of readings: one that lasts 100 s to warm up, then 5, 1, 4, 2 and 3 s, whose median is 3 s.
    readings = itertools.chain.from_iterable((0.0, float(last)) for last in (100, 5, 1, 4, 2, 3))
    generator = Counting()
    facts = time_sampling(generator, 7, lambda done, total: None, clock=lambda: next(readings))  # type: ignore[arg-type]
    assert facts["median_seconds"] == 3.0
    assert facts["warm_up_seconds"] == 100.0
    assert len(generator.calls) == REPETITIONS + 1
    assert {n for n, _ in generator.calls} == {WINDOWS}
    assert len({seed for _, seed in generator.calls}) == REPETITIONS + 1
