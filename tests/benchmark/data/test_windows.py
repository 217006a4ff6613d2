"""Windows by protocol and view."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmark.data import DatasetSpec, Recipe, load_spec, load_windows
from benchmark.data.scale import bounds, scale
from benchmark.data.windows import WindowSet
from benchmark.errors import UserError

Own = Callable[..., DatasetSpec]
RAMP = np.column_stack([np.arange(400.0), 3 - 0.5 * np.arange(400.0)])


def _rows_of(windows: np.ndarray, data: WindowSet) -> np.ndarray:
    """The row numbers (N, T) behind windows whose first feature is the row number."""
    return np.rint(windows[..., 0] * (data.high[0] - data.low[0]) + data.low[0]).astype(int)


def _digests(windows: np.ndarray) -> set[bytes]:
    return {window.tobytes() for window in windows}


@pytest.mark.parametrize("name", ["stocks", "etth"])
def test_windows_equal_those_of_the_evaluation_code(
    name: str, data_dir: Path, reference: dict[str, np.ndarray]
) -> None:
    data = load_windows(load_spec(name), 24, "paper", data_dir=data_dir, seed_for_split=0)
    np.testing.assert_array_equal(data.train[reference[f"{name}_at"]], reference[name])


def test_paper_takes_every_window_in_time_order(own: Own, as_csv: Callable[..., str]) -> None:
    data = load_windows(own(as_csv(RAMP)), 24, "paper", seed_for_split=0)
    assert data.test is data.train
    assert data.real_disjoint is None
    assert data.train.dtype == np.float32
    assert data.train.flags.c_contiguous
    np.testing.assert_array_equal(_rows_of(data.train, data), np.arange(377)[:, None] + np.arange(24))
    np.testing.assert_allclose(data.train[0, :, 0], np.arange(24) / 399, rtol=1e-6)
    np.testing.assert_allclose(data.train.sum(axis=2), 1, atol=1e-6)
    np.testing.assert_array_equal((data.low, data.high), [[0, 3 - 0.5 * 399], [399, 3]])


def test_a_stride_skips_starts(own: Own, as_csv: Callable[..., str]) -> None:
    data = load_windows(own(as_csv(RAMP), stride=10), 24, "paper", seed_for_split=0)
    np.testing.assert_array_equal(_rows_of(data.train, data)[:, 0], np.arange(0, 377, 10))


def test_a_constant_feature_becomes_zero(own: Own) -> None:
    data = load_windows(own("a,b\n" + "5,1\n5,2\n5,3\n"), 2, "paper", seed_for_split=0)
    np.testing.assert_array_equal(data.train[..., 0], 0)
    np.testing.assert_array_equal(data.train[..., 1], [[0, 0.5], [0.5, 1]])


@given(st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=30))
def test_scaled_values_lie_in_the_unit_interval(values: list[float]) -> None:
    column = np.array(values)[:, None]
    scaled = scale(column, bounds([column]))
    assert ((scaled >= 0) & (scaled <= 1)).all()
    if column.min() < column.max():
        assert (scaled.min(), scaled.max()) == (0, 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(st.integers(6, 40), min_size=2, max_size=6), st.integers(2, 6), st.integers(1, 4))
def test_no_window_crosses_a_series(
    own: Own, as_csv: Callable[..., str], rows: list[int], length: int, stride: int
) -> None:
    # Both features tell the series apart, so a window of two series would hold two values.
    values = np.column_stack([np.arange(sum(rows)), np.repeat(np.arange(len(rows)), rows)])
    text = as_csv(np.column_stack([values, values[:, 1]]), "abs")
    within = load_windows(own(text, series_column="s", stride=stride), length, "paper", seed_for_split=0)
    assert (np.ptp(within.train[..., 1], axis=1) == 0).all()
    assert len(within.train) == sum((count - length) // stride + 1 for count in rows)
    crossing = load_windows(
        own(text, series_column="s", stride=stride, within_series=False), length, "paper", seed_for_split=0
    )
    assert len(crossing.train) == (sum(rows) - length) // stride + 1
    assert "cross" in crossing.note


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.integers(2, 24), st.integers(172, 900), st.integers(1, 3))
def test_strict_keeps_a_window_s_length_between_the_roles(
    own: Own, as_csv: Callable[..., str], length: int, rows: int, stride: int
) -> None:
    values = np.column_stack([np.arange(rows), np.random.default_rng(rows).normal(size=rows)])
    data = load_windows(own(as_csv(values), stride=stride), length, "strict", seed_for_split=0)
    assert data.validation is not None
    assert data.real_disjoint is not None
    roles = [_rows_of(windows, data) for windows in (data.train, data.validation, data.test)]
    for first, second in itertools.combinations(roles, 2):
        assert np.abs(np.unique(first)[:, None] - np.unique(second)).min() > length
    assert all((np.diff(role, axis=1) == 1).all() for role in roles)
    assert len(data.validation) == len(data.test)
    # The oracle hands out samples, which lie in [0, 1].
    np.testing.assert_array_equal(data.real_disjoint, np.clip(data.validation, 0, 1))
    # The scaler knows the training rows only.
    if stride == 1:
        seen = values[np.unique(roles[0])]
        np.testing.assert_array_equal((data.low, data.high), (seen.min(axis=0), seen.max(axis=0)))
        assert (data.train.min(), data.train.max()) == (0, 1)


def test_strict_keeps_hold_out_values_outside_the_unit_interval(own: Own, as_csv: Callable[..., str]) -> None:
    values = np.random.default_rng(1).normal(size=(200, 1))
    values[[70, 120], 0] = 50, -50
    data = load_windows(own(as_csv(values)), 24, "strict", seed_for_split=0)
    assert data.validation is not None
    assert data.real_disjoint is not None
    assert (data.train.min(), data.train.max()) == (0, 1)
    assert data.validation.max() > 5
    assert data.test.min() < -5
    assert data.real_disjoint.max() == 1


def test_strict_holds_out_whole_series_where_there_are_many(own: Own, as_csv: Callable[..., str]) -> None:
    text = as_csv(np.column_stack([np.arange(120), np.repeat(np.arange(12), 10)]), "as")
    data = load_windows(own(text, series_column="s", within_series=False), 10, "strict", seed_for_split=0)
    assert data.validation is not None
    np.testing.assert_array_equal(_rows_of(data.validation, data)[:, 0], [20, 90])
    np.testing.assert_array_equal(_rows_of(data.test, data)[:, 0], [30, 80])
    assert len(data.train) == 8


def test_validation_and_test_windows_are_equal_in_number(own: Own, as_csv: Callable[..., str]) -> None:
    rows = [30] * 8
    rows[1] = 50
    text = as_csv(np.column_stack([np.arange(sum(rows)), np.repeat(np.arange(8), rows)]), "as")
    data = load_windows(own(text, series_column="s"), 10, "strict", seed_for_split=0)
    assert data.validation is not None
    assert len(data.validation) == len(data.test) == 42
    assert "of 62 validation and 42 test windows 42 each are used" in data.note


@pytest.mark.parametrize("length", [24, 64, 128, 256])
@pytest.mark.parametrize("name", ["stocks", "etth", "energy", "fmri", "sines", "mujoco"])
def test_no_validation_window_is_a_test_or_a_training_window(
    name: str, length: int, data_dir: Path, request: pytest.FixtureRequest
) -> None:
    spec = load_spec(name)
    if name == "mujoco":
        request.getfixturevalue("mujoco_installed")
    if spec.recipe is not None:
        spec = spec.model_copy(update={"recipe": spec.recipe.model_copy(update={"sequences": 300})})
    if (name, length) == ("fmri", 256):
        with pytest.raises(UserError, match=r"series '1' of .* has 200 rows, .* need 256; use length 200 or less"):
            load_windows(spec, length, "strict", data_dir=data_dir, seed_for_split=0)
        return
    data = load_windows(spec, length, "strict", data_dir=data_dir, seed_for_split=0)
    assert data.validation is not None
    train, validation, test = map(_digests, (data.train, data.validation, data.test))
    assert not validation & test
    assert not train & (validation | test)
    assert len(data.validation) == len(data.test)
    if spec.recipe is None:
        assert 0.5 <= len(data.train) / (len(data.train) + 2 * len(data.test)) <= 2 / 3
        assert (data.train.min(), data.train.max()) == (0, 1)


def test_fresh_windows_of_a_recorded_series_are_the_other_half(own: Own, as_csv: Callable[..., str]) -> None:
    spec = own(as_csv(RAMP))
    data = load_windows(spec, 24, "paper", view="real_disjoint", seed_for_split=3)
    assert data.real_disjoint is not None
    assert data.test is data.train
    assert len(data.test) == len(data.real_disjoint) == 188
    assert not _digests(data.test) & _digests(data.real_disjoint)
    whole = load_windows(spec, 24, "paper", seed_for_split=3)
    assert _digests(data.test) | _digests(data.real_disjoint) < _digests(whole.train)
    assert "n is 188" in data.note
    other = load_windows(spec, 24, "paper", view="real_disjoint", seed_for_split=4)
    assert _digests(other.test) != _digests(data.test)


def test_fresh_windows_of_a_generated_set_are_another_draw() -> None:
    spec = DatasetSpec(id="waves", recipe=Recipe(process="sines", sequences=50), scaling="none")
    data = load_windows(spec, 24, "paper", view="real_disjoint", seed_for_split=0)
    assert data.real_disjoint is not None
    np.testing.assert_array_equal(data.train, load_windows(spec, 24, "paper", seed_for_split=9).train)
    frequency, phase = np.random.RandomState(124).uniform(0, 0.1, size=(50, 5, 2)).transpose(2, 0, 1)
    expected = (np.sin(frequency[:, None] * np.arange(24)[:, None] + phase[:, None]) + 1) / 2
    np.testing.assert_allclose(data.real_disjoint, expected, atol=1e-7)
    strict = load_windows(spec, 24, "strict", seed_for_split=0)
    np.testing.assert_array_equal(strict.train, data.train)
    np.testing.assert_array_equal(strict.test, data.real_disjoint)
    third = spec.model_copy(update={"recipe": Recipe(process="sines", sequences=50, seed=125)})
    np.testing.assert_array_equal(strict.validation, load_windows(third, 24, "paper", seed_for_split=0).train)
    np.testing.assert_array_equal(strict.real_disjoint, strict.validation)


@pytest.mark.usefixtures("mujoco_installed")
def test_a_hopper_is_scaled_by_its_first_draw(tmp_path: Path) -> None:
    spec = DatasetSpec(id="falls", recipe=Recipe(process="hopper", sequences=60))
    data = load_windows(spec, 24, "paper", view="real_disjoint", cache_dir=tmp_path, seed_for_split=0)
    assert data.real_disjoint is not None
    np.testing.assert_array_equal(data.train.min(axis=(0, 1)), 0)
    np.testing.assert_array_equal(data.train.max(axis=(0, 1)), 1)
    strict = load_windows(spec, 24, "strict", cache_dir=tmp_path, seed_for_split=0)
    assert strict.test.max() > 1
    np.testing.assert_array_equal(data.real_disjoint, np.clip(strict.test, 0, 1))
    assert strict.validation is not None
    assert np.abs(strict.validation - strict.test).max() > 0.1
    assert (strict.low == data.low).all()
    assert np.abs(data.real_disjoint - data.train).max() > 0.1


def test_windows_from_a_file_are_split_at_random(own: Own) -> None:
    stack = np.random.default_rng(2).random((40, 8, 3)).astype(np.float32)
    spec = own(stack, "own.npy", scaling="none")
    paper = load_windows(spec, 8, "paper", seed_for_split=0)
    np.testing.assert_array_equal(paper.train, stack)
    data = load_windows(spec, 8, "strict", seed_for_split=0)
    assert data.validation is not None
    assert (len(data.train), len(data.validation), len(data.test)) == (24, 8, 8)
    assert _digests(data.train) | _digests(data.validation) | _digests(data.test) == _digests(stack)
    scaled = load_windows(own(stack * 8, "other.npy"), 8, "strict", seed_for_split=0)
    # The scaler knows the training windows only: both files are split alike, and eight times a float is exact.
    np.testing.assert_array_equal(
        (scaled.low, scaled.high), 8 * np.array([data.train.min((0, 1)), data.train.max((0, 1))])
    )
    assert max(scaled.test.max(), scaled.validation.max()) > 1


@pytest.mark.parametrize("view", ["all", "real_disjoint"])
@pytest.mark.parametrize("protocol", ["paper", "strict"])
def test_a_limit_keeps_a_seeded_subset(own: Own, as_csv: Callable[..., str], protocol: Any, view: Any) -> None:
    spec = own(as_csv(RAMP), series_length=200)
    whole = load_windows(spec, 24, protocol, view=view, seed_for_split=5)
    few = load_windows(spec, 24, protocol, view=view, limit=10, seed_for_split=5)
    again = load_windows(spec, 24, protocol, view=view, limit=10, seed_for_split=5)
    other = load_windows(spec, 24, protocol, view=view, limit=10, seed_for_split=6)
    assert len(few.train) == len(few.test) == 10
    assert (few.test is few.train) == (few.validation is None) == (protocol == "paper")
    assert _digests(few.train) < _digests(whole.train)
    assert (np.diff(_rows_of(few.train, few)[:, 0]) > 0).all()
    np.testing.assert_array_equal(few.train, again.train)
    np.testing.assert_array_equal(few.test, again.test)
    assert _digests(few.train) != _digests(other.train)
    if view == "real_disjoint" or protocol == "strict":
        assert few.real_disjoint is not None
        assert len(few.real_disjoint) == 10
        assert not _digests(few.real_disjoint) & _digests(few.test)
    large = load_windows(spec, 24, protocol, view=view, limit=10_000, seed_for_split=5)
    np.testing.assert_array_equal(large.train, whole.train)
