from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import Field

from benchmark.errors import UserError
from benchmark.validation import Frozen, parse, validate_parameters


class Inner(Frozen):
    depth: int = 1


class Outer(Frozen):
    width: int
    inner: Inner = Inner()


class Thing:
    def __init__(self, size: Annotated[int, Field(ge=2)] = 4, rates: tuple[float, ...] = (0.1,)) -> None:
        self.size = size
        self.rates = rates


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"widht": 1}, r"lacks the key 'width'|unknown key 'widht' in box; did you mean 'width'\?"),
        ({"width": 1, "iner": {}}, r"unknown key 'iner' in box; did you mean 'inner'\?"),
        (
            {"width": 1, "inner": {"dept": 2}},
            r"unknown key 'inner.dept' in box; choose one of: depth\.|did you mean 'depth'\?",
        ),
        ({"width": "wide"}, r"box: 'width' is 'wide', but input should be a valid integer"),
        ({}, r"box lacks the key 'width'; add it\."),
        ([], r"box must be a mapping of keys to values, not list\."),
    ],
)
def test_one_sentence(values: object, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as caught:
        parse(Outer, values, owner="box")
    assert "\n" not in str(caught.value)


def test_constructor_annotations_are_the_constraints() -> None:
    assert validate_parameters(Thing, {"rates": [1, 2]}, owner="thing") == {"size": 4, "rates": (1.0, 2.0)}
    with pytest.raises(UserError, match=r"thing: 'size' is 1, but input should be greater than or equal to 2\."):
        validate_parameters(Thing, {"size": 1}, owner="thing")
    with pytest.raises(UserError, match=r"unknown key 'sise' in thing; did you mean 'size'\?"):
        validate_parameters(Thing, {"sise": 1}, owner="thing")


def test_a_constructor_that_cannot_be_modelled_is_refused_in_one_sentence() -> None:
    class Absent:
        def __init__(self, size: Elsewhere = 3) -> None:  # type: ignore[name-defined]  # noqa: F821
            self.size = size

    class Taken:
        def __init__(self, model_config: int = 3) -> None:
            self.model_config = model_config

    with pytest.raises(
        UserError, match=r"Absent is annotated with 'Elsewhere', .* import that name outside TYPE_CHECKING\."
    ):
        validate_parameters(Absent, {}, owner="absent")
    with pytest.raises(UserError, match=r"Taken has a parameter 'model_config', a name that is taken; rename it\."):
        validate_parameters(Taken, {}, owner="taken")
