from __future__ import annotations

from collections.abc import Mapping

import pytest

from baselines.controls.copy import Copy
from benchmark.errors import UserError
from benchmark.plan.sizes import count_parameters


class Counted(Copy):
    """One parameter a feature and unit of `width`."""

    looks: int = 0

    def __init__(self, width: int = 1) -> None:
        self.width = width

    def parameter_counts(self, length: int, features: int) -> Mapping[str, int]:
        Counted.looks += 1
        if length > 100:
            raise UserError("too long")
        return {"all": self.width * features}


def test_a_network_is_built_once_for_equal_arguments_and_windows() -> None:
    asked = [(1, 24, 5), (1, 24, 5), (2, 24, 5), (1, 24, 6), (1, 12, 5), (2, 24, 5)]
    counts = [count_parameters(Counted(width), length, features, "x") for width, length, features in asked]
    assert counts == [5, 5, 10, 6, 5, 10]
    assert Counted.looks == 4
    for _ in range(2):  # a refusal is said each time
        with pytest.raises(UserError, match="too long"):
            count_parameters(Counted(), 101, 5, "x")
