"""Sines and the hopper against published values and against other code."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import numpy as np
import pytest

from benchmark.data import Recipe, load_spec
from benchmark.data.generated import altered_caches, draw, feature_names, sines
from benchmark.data.hopper import NAMES, simulate


@pytest.mark.parametrize("length", [24, 64, 256])
def test_the_first_row_of_sines(length: int) -> None:
    recipe = load_spec("sines").recipe
    assert recipe is not None
    waves = draw(recipe, length)
    assert waves.shape == (10_000, length, 5)
    assert waves.dtype == np.float32
    expected = [0.51430501, 0.52755178, 0.52114901, 0.53421473, 0.51960085]
    np.testing.assert_allclose(waves[0, 0], expected, atol=5e-9 + 6e-8)


def test_sines_obey_the_recurrence_of_a_sine() -> None:
    # sin(x + w) + sin(x - w) = 2 cos(w) sin(x): the ratio is the same at every step of a wave.
    waves = 2 * sines(50, 40, seed=7).astype(np.float64) - 1
    middle, ends = waves[:, 1:-1], waves[:, 2:] + waves[:, :-2]
    cosines = (ends * middle).sum(axis=1, keepdims=True) / (middle**2).sum(axis=1, keepdims=True) / 2
    np.testing.assert_allclose(ends, 2 * cosines * middle, atol=1e-6)
    frequencies = np.arccos(np.clip(cosines, -1, 1))
    assert 0 <= frequencies.min() < frequencies.max() < 0.1001


def test_sines_at_24_stay_in_the_upper_half() -> None:
    waves = sines(10_000, 24, seed=123)
    assert waves.min() >= 0.5
    assert waves.max() <= 1


def test_draws_are_repeatable_and_differ() -> None:
    recipe = Recipe(process="sines", sequences=20)
    np.testing.assert_array_equal(draw(recipe, 24), draw(recipe, 24))
    assert np.abs(draw(recipe, 24) - draw(recipe, 24, number=1)).max() > 0.01
    np.testing.assert_array_equal(draw(recipe, 24), sines(20, 64, seed=123)[:, :24])


@pytest.mark.usefixtures("mujoco_installed")
def test_the_hopper_falls_as_dm_control_s_does(reference: dict[str, np.ndarray]) -> None:
    np.testing.assert_allclose(simulate(4, 24, 123), reference["hopper"], atol=1e-4, rtol=0)


@pytest.mark.usefixtures("mujoco_installed")
def test_the_whole_hopper_set_agrees_with_dm_control(data_dir: Path) -> None:
    with np.load(data_dir / "mujoco_hopper_24_seed123.npz") as file:
        expected = file["data"]
    recipe = load_spec("mujoco").recipe
    assert recipe is not None
    error = np.abs(draw(recipe, 24) - expected).max(axis=(1, 2))
    assert (error < 1e-4).mean() >= 0.999


@pytest.mark.usefixtures("mujoco_installed")
def test_a_shorter_hopper_set_is_the_prefix_of_a_longer_one() -> None:
    # More sequences than one batch, so that batches cannot differ either.
    longer, shorter = simulate(600, 64, 5), simulate(600, 24, 5)
    np.testing.assert_array_equal(longer[:, :24], shorter)
    np.testing.assert_array_equal(simulate(30, 24, 5), shorter[:30])


@pytest.mark.usefixtures("mujoco_installed")
def test_the_hopper_starts_where_the_recipe_says() -> None:
    start = simulate(2_000, 1, 3)[:, 0]
    for columns, low, high in (((0, 2), 0, 0.5), ((2, 7), -2, 2), ((7, 14), -5, 5)):
        part = start[:, columns[0] : columns[1]]
        assert low <= part.min() < low + 0.01 * (high - low)
        assert high - 0.01 * (high - low) < part.max() <= high


@pytest.mark.usefixtures("mujoco_installed")
def test_a_simulated_set_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe(process="hopper", sequences=3)
    first = draw(recipe, 6, cache_dir=tmp_path / "new")
    (kept,) = (tmp_path / "new").glob("*.npy")
    assert kept.name == f"hopper-3x6-seed123-v1-mujoco{importlib.metadata.version('mujoco')}.npy"
    assert draw(recipe, 6, number=1, cache_dir=tmp_path / "new").shape == (3, 6, 14)
    whole = kept.read_bytes()
    for damaged in (whole[:200], whole[:-1] + bytes([whole[-1] ^ 1])):
        kept.write_bytes(damaged)
        assert altered_caches(tmp_path / "new") == [kept]
        np.testing.assert_array_equal(draw(recipe, 6, cache_dir=tmp_path / "new"), first)
        assert altered_caches(tmp_path / "new") == []
    kept.with_name(f"{kept.name}.json").write_text("{")
    np.testing.assert_array_equal(draw(recipe, 6, cache_dir=tmp_path / "new"), first)
    np.save(kept, first[:2])
    np.testing.assert_array_equal(draw(recipe, 6, cache_dir=tmp_path / "new"), first)
    monkeypatch.setattr("benchmark.data.hopper.simulate", None)
    np.testing.assert_array_equal(draw(recipe, 6, cache_dir=tmp_path / "new"), first)
    assert len(list((tmp_path / "new").glob("*.npy"))) == 2


def test_features_have_names() -> None:
    assert len(NAMES) == len(set(NAMES)) == load_spec("mujoco").features
    assert len(feature_names(Recipe(process="sines"))) == load_spec("sines").features


def test_a_recipe_that_no_memory_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="less than or equal to 10000000"):
        Recipe(process="sines", sequences=10**11)
