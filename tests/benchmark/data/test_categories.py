"""Columns of text: refused by name with what may be done, or features of 0 and 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmark.data import DatasetSpec, card, load_series
from benchmark.data.spec import MOST_CATEGORIES
from benchmark.errors import UserError

Own = Callable[..., DatasetSpec]
TEXT = "a,kind,b\n1,pump,5\n2,fan,6\n3,pump,7\n"


def test_categories_become_features_of_0_and_1_in_the_place_of_their_column(own: Own) -> None:
    spec = own(TEXT, one_hot=["kind"])
    series = load_series(spec, None)
    assert series.names == ("a", "kind=fan", "kind=pump", "b")
    np.testing.assert_array_equal(series.parts[0], [[1, 0, 1, 5], [2, 1, 0, 6], [3, 0, 1, 7]])
    facts = card(spec, None)
    assert facts["ranges"]["kind=pump"] == [0, 1]
    assert facts["remarks"] == ["column 'kind' became 2 features of 0 and 1"]


def test_numbers_may_be_categories(own: Own) -> None:
    assert load_series(own("a,state\n1,2\n2,3\n3,2\n", one_hot=["state"]), None).names == ("a", "state=2", "state=3")


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        (
            TEXT,
            {},
            r"column 'kind', line 2: 'pump' is not a number; the column holds 2 categories \(fan, pump\): `--one-hot kind` makes "
            r"each a feature .*`--series-column kind` .*`--drop kind` leaves the column out",
        ),
        ("a,c,k\n1,x,u\n2,y,v\n", {"series_column": "k"}, r"column 'c', .*\(x, y\): `--one-hot c` [^-]* `--drop c`"),
        ("a,c,k\n1,x,u\n2,y,v\n", {}, r"column 'c', .*; 'k' holds text too\.$"),
        (TEXT, {"one_hot": ["kindd"]}, r"unknown column 'kindd' in .*; did you mean 'kind'\?"),
        (
            TEXT,
            {"one_hot": ["kind"], "drop": ["kind"]},
            r"names 'kind' under 'one_hot' .* but that column is no feature",
        ),
        ("kind,kind=u,b\nu,1,1\nv,2,1\n", {"one_hot": ["kind"]}, r"two features would be named 'kind=u'; rename"),
        ("a,kind\n1,\n2,\n", {"one_hot": ["kind"]}, r"column 'kind', is empty; name it under 'drop'"),
    ],
)
def test_refusals(own: Own, text: str, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        load_series(own(text, **options), None)


def test_more_categories_than_the_limit_are_refused_and_not_suggested(own: Own) -> None:
    most = "a,c\n" + "".join(f"{i},v{i}\n" for i in range(MOST_CATEGORIES))
    assert len(load_series(own(most, one_hot=["c"]), None).names) == 1 + MOST_CATEGORIES
    more = most + "1,another\n"
    with pytest.raises(UserError, match=r"column 'c', holds 21 categories, but 'one_hot' takes at most 20"):
        load_series(own(more, one_hot=["c"]), None)
    with pytest.raises(UserError, match=r"the column holds text, 21 different ones: `--drop c` leaves the column out"):
        load_series(own(more), None)


def test_a_column_counts_its_own_categories_alone(own: Own) -> None:
    spec = own("a,a=b\nx,u\ny,v\nx,w\n", one_hot=["a", "a=b"])
    assert card(spec, None)["remarks"] == [
        "column 'a' became 2 features of 0 and 1",
        "column 'a=b' became 3 features of 0 and 1",
    ]


def test_a_missing_category_counts_once_and_none_is_one(own: Own) -> None:
    content = "a,kind\n1,pump\n2,NA\n3,none\n4,-\n5,pump\n"
    with pytest.raises(
        UserError, match=r"column 'kind', line 3: 'NA' marks a missing cell \(1 missing cell in 1 of 5 rows\)"
    ):
        load_series(own(content, one_hot=["kind"]), None)
    kept = load_series(own(content, one_hot=["kind"], missing="drop"), None)
    assert kept.names == ("a", "kind=-", "kind=none", "kind=pump")
    assert sum(map(len, kept.parts)) == 4
