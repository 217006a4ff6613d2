"""Trainings in epochs: an optimizer step by hand, and the order of windows across a resumption."""

import pytest
import torch
from torch import nn

from benchmark.training import EpochTask, build

ROWS = 10


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def numbered():
    """Windows (N, T, D), each full of its own number / N."""
    return (torch.arange(ROWS) / ROWS)[:, None, None].expand(ROWS, 8, 2).clone()


class Fitted(EpochTask[nn.Linear]):
    def step(self, step, rng):
        windows = self.batches.draw(step, rng)
        return {"rows": (windows[:, 0, 0] * ROWS).round()}


def test_a_step_of_gradient_descent_by_hand_and_its_cut():
    network = nn.utils.skip_init(nn.Linear, 1, 1, bias=False)
    nn.init.constant_(network.weight, 3.0)
    task = Fitted(network, numbered(), torch.optim.SGD(network.parameters(), lr=0.1), batch=4, keep_short=True)
    task.descend(network.weight.square().sum())  # gradient 6
    assert float(network.weight.detach()) == pytest.approx(3 - 0.6)
    norm = task.descend_clipped(network.weight.square().sum(), 0.5)  # gradient 4.8
    assert float(norm) == pytest.approx(4.8)
    assert float(network.weight.detach()) == pytest.approx(2.4 - 0.05, abs=1e-5)


def test_the_order_of_an_epoch_is_resumed():
    def make():
        network = build(lambda: nn.Linear(1, 1), stream())
        return Fitted(network, numbered(), torch.optim.Adam(network.parameters()), batch=4, keep_short=True)

    task, rng = make(), stream(5)
    first = task.step(0, rng)["rows"]
    resumed = make()
    resumed.load_state(task.state())
    assert torch.equal(task.step(1, rng)["rows"], resumed.step(1, stream(9))["rows"])
    assert not set(first.tolist()) & set(resumed.step(2, stream(9))["rows"].tolist())
