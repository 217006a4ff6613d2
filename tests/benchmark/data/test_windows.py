"""Windows by protocol and view."""

from __future__ import annotations

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
    assert data.reference is data.train
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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.integers(2, 24), st.integers(130, 700), st.integers(1, 3))
def test_strict_keeps_a_window_s_length_between_training_and_hold_out(
    own: Own, as_csv: Callable[..., str], length: int, rows: int, stride: int
) -> None:
    values = np.column_stack([np.arange(rows), np.random.default_rng(rows).normal(size=rows)])
    data = load_windows(own(as_csv(values), stride=stride), length, "strict", view="real_disjoint", seed_for_split=0)
    train, held = _rows_of(data.train, data), _rows_of(data.reference, data)
    assert np.abs(np.unique(train)[:, None] - np.unique(held)).min() > length
    assert (np.diff(train, axis=1) == 1).all()
    assert (np.diff(held, axis=1) == 1).all()
    assert data.real_disjoint is data.train
    # The scaler knows the training rows only.
    seen = values[np.unique(train)] if stride == 1 else None
    if seen is not None:
        np.testing.assert_array_equal((data.low, data.high), (seen.min(axis=0), seen.max(axis=0)))
        assert (data.train.min(), data.train.max()) == (0, 1)


def test_strict_keeps_hold_out_values_outside_the_unit_interval(own: Own, as_csv: Callable[..., str]) -> None:
    values = np.random.default_rng(1).normal(size=(200, 1))
    values[100] = 50
    data = load_windows(own(as_csv(values)), 24, "strict", seed_for_split=0)
    assert data.train.max() == 1
    assert data.reference.max() > 5


def test_strict_holds_out_whole_series_where_there_are_many(own: Own, as_csv: Callable[..., str]) -> None:
    text = as_csv(np.column_stack([np.arange(120), np.repeat(np.arange(12), 10)]), "as")
    data = load_windows(own(text, series_column="s", within_series=False), 10, "strict", seed_for_split=0)
    np.testing.assert_array_equal(_rows_of(data.reference, data)[:, 0], [20, 60, 100])
    assert len(data.train) == 9


def test_fresh_windows_of_a_recorded_series_are_the_other_half(own: Own, as_csv: Callable[..., str]) -> None:
    spec = own(as_csv(RAMP))
    data = load_windows(spec, 24, "paper", view="real_disjoint", seed_for_split=3)
    assert data.real_disjoint is not None
    assert data.reference is data.train
    assert len(data.reference) == len(data.real_disjoint) == 188
    assert not _digests(data.reference) & _digests(data.real_disjoint)
    whole = load_windows(spec, 24, "paper", seed_for_split=3)
    assert _digests(data.reference) | _digests(data.real_disjoint) < _digests(whole.train)
    assert "n is 188" in data.note
    other = load_windows(spec, 24, "paper", view="real_disjoint", seed_for_split=4)
    assert _digests(other.reference) != _digests(data.reference)


def test_fresh_windows_of_a_generated_set_are_another_draw() -> None:
    spec = DatasetSpec(id="waves", recipe=Recipe(process="sines", sequences=50), scaling="none")
    data = load_windows(spec, 24, "paper", view="real_disjoint", seed_for_split=0)
    assert data.real_disjoint is not None
    np.testing.assert_array_equal(data.train, load_windows(spec, 24, "paper", seed_for_split=9).train)
    frequency, phase = np.random.RandomState(124).uniform(0, 0.1, size=(50, 5, 2)).transpose(2, 0, 1)
    expected = (np.sin(frequency[:, None] * np.arange(24)[:, None] + phase[:, None]) + 1) / 2
    np.testing.assert_allclose(data.real_disjoint, expected, atol=1e-7)
    strict = load_windows(spec, 24, "strict", view="real_disjoint", seed_for_split=0)
    np.testing.assert_array_equal(strict.train, data.train)
    np.testing.assert_array_equal(strict.reference, data.real_disjoint)
    assert strict.real_disjoint is strict.train


@pytest.mark.usefixtures("mujoco_installed")
def test_a_hopper_is_scaled_by_its_first_draw(tmp_path: Path) -> None:
    spec = DatasetSpec(id="falls", recipe=Recipe(process="hopper", sequences=60))
    data = load_windows(spec, 24, "paper", view="real_disjoint", cache_dir=tmp_path, seed_for_split=0)
    assert data.real_disjoint is not None
    np.testing.assert_array_equal(data.train.min(axis=(0, 1)), 0)
    np.testing.assert_array_equal(data.train.max(axis=(0, 1)), 1)
    strict = load_windows(spec, 24, "strict", cache_dir=tmp_path, seed_for_split=0)
    assert strict.reference.max() > 1
    np.testing.assert_array_equal(data.real_disjoint, np.clip(strict.reference, 0, 1))
    assert np.abs(data.real_disjoint - data.train).max() > 0.1


def test_windows_from_a_file_are_split_at_random(own: Own) -> None:
    stack = np.random.default_rng(2).random((40, 8, 3)).astype(np.float32)
    spec = own(stack, "own.npy", scaling="none")
    paper = load_windows(spec, 8, "paper", seed_for_split=0)
    np.testing.assert_array_equal(paper.train, stack)
    data = load_windows(spec, 8, "strict", view="real_disjoint", seed_for_split=0)
    assert (len(data.train), len(data.reference)) == (30, 10)
    assert _digests(data.train) | _digests(data.reference) == _digests(stack)
    assert data.real_disjoint is data.train
    scaled = load_windows(own(stack * 8, "other.npy"), 8, "strict", seed_for_split=0)
    # The scaler knows the training windows only: both files are split alike, and eight times a float is exact.
    np.testing.assert_array_equal(
        (scaled.low, scaled.high), 8 * np.array([data.train.min((0, 1)), data.train.max((0, 1))])
    )
    assert scaled.reference.max() > 1


@pytest.mark.parametrize("view", ["all", "real_disjoint"])
@pytest.mark.parametrize("protocol", ["paper", "strict"])
def test_a_limit_keeps_a_seeded_subset(own: Own, as_csv: Callable[..., str], protocol: Any, view: Any) -> None:
    spec = own(as_csv(RAMP), series_length=200)
    whole = load_windows(spec, 24, protocol, view=view, seed_for_split=5)
    few = load_windows(spec, 24, protocol, view=view, limit=20, seed_for_split=5)
    again = load_windows(spec, 24, protocol, view=view, limit=20, seed_for_split=5)
    other = load_windows(spec, 24, protocol, view=view, limit=20, seed_for_split=6)
    assert len(few.train) == len(few.reference) == 20
    assert (few.reference is few.train) == (protocol == "paper")
    assert _digests(few.train) < _digests(whole.train)
    assert (np.diff(_rows_of(few.train, few)[:, 0]) > 0).all()
    np.testing.assert_array_equal(few.train, again.train)
    np.testing.assert_array_equal(few.reference, again.reference)
    assert _digests(few.train) != _digests(other.train)
    if view == "real_disjoint":
        assert few.real_disjoint is not None
        assert not _digests(few.real_disjoint) & _digests(few.reference)
    large = load_windows(spec, 24, protocol, view=view, limit=10_000, seed_for_split=5)
    np.testing.assert_array_equal(large.train, whole.train)
