"""Numbers below the normal range in a training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
import torch
from torch import Tensor

from benchmark.errors import DivergedError
from benchmark.interface import FitContext
from benchmark.training import train
from benchmark.training.denormals import flushes

SMALLEST_NORMAL = torch.finfo(torch.float32).tiny


@pytest.fixture(autouse=True)
def _plain_before_and_after() -> Iterator[None]:
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor computes with denormal numbers only")
    torch.set_flush_denormal(False)
    yield
    torch.set_flush_denormal(False)


class Unused:
    """Two weights of which one has a gradient in the first step alone, as a code that no window uses any more."""

    def __init__(self, loss: float = 0.0) -> None:
        self.weight = torch.nn.Parameter(torch.ones(2))
        self.optimizer = torch.optim.Adam([self.weight], betas=(0.5, 0.5), fused=True)
        self.loss = loss

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        del rng
        self.weight.grad = torch.tensor([1.0, float(step == 0)])
        self.optimizer.step()
        return {"loss": torch.tensor(self.loss)}

    def state(self) -> dict[str, Tensor]:
        return {}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        del state


def run(task: Unused) -> None:
    train(task, name="one", steps=140, context=FitContext(seed=0), rng=torch.Generator())


def test_moments_of_a_weight_without_gradient_end_at_0():
    task = Unused()
    run(task)
    moments = task.optimizer.state[task.weight]
    assert moments["exp_avg"].tolist() == [pytest.approx(1), 0]  # 2⁻¹⁴⁰ would be denormal
    assert moments["exp_avg_sq"].tolist() == [pytest.approx(1), 0]


def test_the_same_moments_are_denormal_outside_a_training():
    task = Unused()
    for step in range(140):
        task.step(step, torch.Generator())
    assert 0 < task.optimizer.state[task.weight]["exp_avg"][1] < SMALLEST_NORMAL


@pytest.mark.parametrize("before", [False, True])
def test_the_callers_setting_comes_back(before: bool):
    torch.set_flush_denormal(before)
    run(Unused())
    assert flushes() is before


def test_the_callers_setting_comes_back_after_a_failure():
    with pytest.raises(DivergedError):
        run(Unused(loss=torch.nan))
    assert not flushes()
