"""Running averages of parameters against hand-computed values."""

from functools import partial

import pytest
import torch

from benchmark.training import WeightAverage
from benchmark.training.averaging import inverse_decay, power_decay


def test_the_share_that_an_average_keeps():
    shares = [power_decay(100 + e, start=100, largest=0.995) for e in (-50, 0, 10, 100, 1000, 2830)]
    assert shares == pytest.approx([0, 0, 0.80, 0.954, 0.990, 0.995], abs=0.003)
    assert power_decay(10**6, start=100, largest=0.995) == 0.995


def test_weights_are_averaged_at_every_second_step():
    layer = torch.nn.utils.skip_init(torch.nn.Linear, 1, 1, bias=False)
    torch.nn.init.constant_(layer.weight, 0.0)  # memory that nobody has written may hold NaN
    average = WeightAverage(layer, partial(power_decay, start=2, largest=0.5), every=2)
    seen = []
    for step, value in enumerate([1.0, 9.0, 3.0, 9.0, 7.0, 9.0, 11.0]):
        torch.nn.init.constant_(layer.weight, value)
        average.update(step)
        seen.append(float(average.mean["weight"]))
    # Copies at steps 0 and 2; at 4, e = 2 keeps 1 − 3^(−2/3) = 0.519, cut to 0.5.
    assert seen == pytest.approx([1, 1, 3, 3, 5, 5, 8])


def test_the_average_of_the_first_steps_follows_at_once():
    assert [inverse_decay(step, largest=0.99) for step in (0, 8, 10**6)] == pytest.approx([0.1, 0.5, 0.99])
