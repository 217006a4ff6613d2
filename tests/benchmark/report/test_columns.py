from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmark.report.columns import SHORTENED, column_of


def rows(title: str, values: dict[int, list[float | None]], **changes: Any) -> list[dict[str, Any]]:
    """Rows of one generator, given its repetitions by training seed."""
    base = {"title": title, "size_class": "small", "budget": "fast", **changes}
    return [
        {**base, "seed": seed, "repetition": repetition, "value": value}
        for seed, repetitions in values.items()
        for repetition, value in enumerate(repetitions)
    ]


def test_repetitions_of_one_model_are_the_units_best_first_and_no_control_among_them() -> None:
    frame = pd.DataFrame(
        rows("worse", {0: [0.3, 0.5]})
        + rows("better", {0: [0.1, 0.3]})
        + rows("copy", {0: [0, 0]}, size_class="control")
    )
    column = column_of(frame, 0.0)
    assert (column.generators, column.unit) == (("better", "worse"), "repetition")
    assert column.losses.tolist() == [[0.1, 0.3], [0.3, 0.5]]
    assert column.values.shape == (2, 1, 2)


def test_training_seeds_are_the_units_where_there_are_several() -> None:
    frame = pd.DataFrame(
        rows("a", {0: [0.1, 0.3], 1: [0.5, 0.7]}) + rows("b", {1: [0.0, 0.2], 0: [0.0, 0.0], 2: [9.0, 9.0]})
    )
    column = column_of(frame, 0.0)
    assert (column.generators, column.unit) == (("b", "a"), "training seed")
    assert column.losses == pytest.approx(np.array([[0.0, 0.1], [0.2, 0.6]]))  # seeds 0 and 1, which both have


def test_losses_are_distances_whose_mean_is_that_of_the_mean() -> None:
    frame = pd.DataFrame(rows("below", {0: [0.7, 0.9, 1.1]}) + rows("above", {0: [1.3, 1.1, 1.6]}))
    column = column_of(frame, 1.0)
    assert column.generators == ("below", "above")
    assert column.losses == pytest.approx(np.array([[0.3, 0.1, -0.1], [0.3, 0.1, 0.6]]))


def test_sampling_seeds_are_averaged() -> None:
    twice = rows("a", {0: [0.1, 0.2]}) + rows("a", {0: [0.3, 0.4]}) + rows("b", {0: [1.0, 1.0]})
    assert column_of(pd.DataFrame(twice), 0.0).losses[0] == pytest.approx([0.2, 0.3])


def test_who_lacks_a_value_is_left_out_and_nobody_is_no_column() -> None:
    failed = rows("failed", {0: [0.1, 0.1], 1: [None]})
    column = column_of(pd.DataFrame(failed + rows("whole", {0: [0.1, 0.2], 1: [0.1, 0.2]})), 0.0)
    assert (column.generators, column.left_out) == (("whole",), ("failed",))
    assert column_of(pd.DataFrame(failed), 0.0) is None
    assert column_of(pd.DataFrame(rows("a", {0: [0.1]}) + rows("b", {1: [0.1]})), 0.0) is None


def test_a_shortened_score_has_no_groups() -> None:
    values = {0: [0.1, 0.11, 0.12, 0.1]}
    far = {0: [5.1, 5.12, 5.11, 5.1]}
    known = column_of(pd.DataFrame(rows("a", values) + rows("b", far)), 0.0).groups(0.0)
    assert known.letters == ("a", "b")
    frame = pd.DataFrame(rows("a", values, budget="smoke") + rows("b", far, budget="smoke"))
    short = column_of(frame, 0.0).groups(0.0)
    assert (short.letters, short.reason) == (("", ""), SHORTENED)
    assert short.comparisons == known.comparisons
