from __future__ import annotations

import pytest

from benchmark.errors import UserError
from benchmark.plan.keys import score_info
from benchmark.plan.score_name import ScoreName


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("context_fid", ("context_fid", False, 0)),
        ("validation:context_fid", ("context_fid", True, 0)),
        ("context_fid@3", ("context_fid", False, 3)),
        ("validation:context_fid@12", ("context_fid", True, 12)),
    ],
)
def test_a_name_is_its_parts_and_back(text: str, parts: tuple[str, bool, int]) -> None:
    name = ScoreName.parse(text)
    assert (name.metric, name.validation, name.sampling_seed) == parts
    assert str(name) == text


def test_the_same_score_of_other_draws() -> None:
    name = ScoreName.parse("validation:spectral@2")
    assert name.base == "validation:spectral"
    assert name.of_draw(5) == "validation:spectral@5"
    assert name.of_draw(0) == "validation:spectral"


def test_the_title_names_role_and_draw() -> None:
    assert score_info("spectral@2").title == "Spectral distance, sampling seed 2"
    assert score_info("validation:spectral").title == "Spectral distance against validation windows"


@pytest.mark.parametrize("text", ["spectral@", "spectral@x", "@1"])
def test_what_is_no_sampling_seed_is_an_unknown_metric(text: str) -> None:
    if text == "spectral@":
        assert str(ScoreName.parse(text)) == text
    with pytest.raises((UserError, ValueError), match="unknown metric"):
        score_info(text)
