"""Running averages of parameters against hand-computed values."""

from functools import partial

import pytest
import torch

from benchmark.training import WeightAverage
from benchmark.training.averaging import inverse_decay, power_decay


def test_the_share_that_an_average_keeps():
    rule = partial(power_decay, start=100, every=10, largest=0.995)
    shares = [rule(100 + e) for e in (-50, 0, 10, 20, 100, 1000, 2830)]
    assert shares == pytest.approx([0, 0, 0, 0.869, 0.954, 0.990, 0.995], abs=0.003)
    assert rule(10**6) == 0.995


def test_weights_are_averaged_at_every_second_step():
    layer = torch.nn.utils.skip_init(torch.nn.Linear, 1, 1, bias=False)
    torch.nn.init.constant_(layer.weight, 0.0)  # memory that nobody has written may hold NaN
    average = WeightAverage(layer, partial(power_decay, start=2, every=2, largest=0.5), every=2)
    seen = []
    for step, value in enumerate([1.0, 9.0, 3.0, 9.0, 7.0, 9.0, 11.0]):
        torch.nn.init.constant_(layer.weight, value)
        average.update(step)
        seen.append(float(average.mean["weight"]))
    # Copies at steps 0 and 2, and at 4, the first after the start; at 6, e = 4 keeps 1 − 5^(−2/3) = 0.658, cut to 0.5.
    assert seen == pytest.approx([1, 1, 3, 3, 7, 7, 9])


def test_the_average_of_the_first_steps_follows_at_once():
    assert [inverse_decay(step, largest=0.99) for step in (0, 8, 10**6)] == pytest.approx([0.1, 0.5, 0.99])
