"""A script that computes a metric gets the thread setting of the command line, and keeps its own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import threadpoolctl
import torch

from metrics import registry
from metrics.base import Metric, Score, ScoreContext, Windows
from metrics.common.threads import one_thread


def counts() -> set[int]:
    return {torch.get_num_threads(), *(pool["num_threads"] for pool in threadpoolctl.threadpool_info())}


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with threadpoolctl.threadpool_limits(2):
        yield
    torch.set_num_threads(before)


class Watching(Metric):
    """Notes how many threads it is given."""

    def __init__(self) -> None:
        self.seen: list[set[int]] = []

    def prepare(self, real: Windows, seed: int, device: str = "cpu") -> dict:
        self.seen.append(counts())
        return {}

    def compute(self, real: Windows, *arguments: object, **options: object) -> Score:
        self.seen.append(counts())
        raise ValueError("a metric that refuses its windows")


@pytest.mark.usefixtures("two_threads")
def test_a_metric_computes_on_one_thread_and_leaves_the_setting_of_its_caller() -> None:
    metric, windows = Watching(), np.zeros((2, 2, 1), np.float32)
    metric.prepare(windows, 0)
    with pytest.raises(ValueError, match="refuses"):
        metric.compute(windows, windows, ScoreContext(seeds=[0]))
    assert metric.seen == [{1}, {1}]
    assert counts() == {2}


@pytest.mark.usefixtures("two_threads")
def test_a_script_gets_the_bytes_of_the_command_line() -> None:
    draw = np.random.default_rng(0)
    real, fake = (draw.random((64, 24, 4), np.float32) for _ in range(2))
    metric = registry.load("context_fid")(steps=4)
    script = metric.compute(real, fake, ScoreContext(seeds=[1]))
    torch.set_num_threads(1)
    with one_thread():
        assert metric.compute(real, fake, ScoreContext(seeds=[1])) == script
