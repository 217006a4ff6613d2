from __future__ import annotations

from collections.abc import Mapping

import pytest

from baselines.controls.copy import Copy
from benchmark.errors import UserError
from benchmark.plan.sizes import build, count_parameters


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


def test_what_a_constructor_refuses_is_one_sentence() -> None:
    class Picky(Copy):
        def __init__(self, width: int = 8) -> None:
            if width % 8:
                raise ValueError("width must be a multiple of 8\nsee the manual")
            self.width = width

    assert build(Picky, {"width": 16}, "it").parameters() == {"width": 16}
    with pytest.raises(
        UserError, match=r"^generator 'picky' cannot be built \(width must be a multiple of 8\); correct its"
    ):
        build(Picky, {"width": 7}, "generator 'picky'")
