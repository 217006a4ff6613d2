from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from baselines.controls.gaussian import Gaussian
from benchmark.api import Dataset, UserError, generator, load_cell, load_dataset, load_generator
from benchmark.config.suites import load_suite
from benchmark.files import read_json, write_json
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.run.stages import CellRun
from benchmark.store.cell_folder import CellFolder
from benchmark.store.store import Store
from tests.benchmark.api.conftest import LENGTH


def computed(dataset: str, length: int, root: Path) -> CellFolder:
    """A cell with a model and samples, computed as a suite computes it."""
    suite = {"datasets": [dataset], "lengths": [length], "generators": ["gaussian"], "budget": "smoke"}
    (planned,) = make_plan(load_suite(suite), Request()).cells
    store = Store(root).create()
    folder = store.cell(planned)
    folder.path.mkdir()
    folder.write_record(planned)
    run = CellRun(planned, store, "cpu", None, lambda progress: None, lambda: False)
    run.run("fit")
    run.run("sample")
    return folder


@pytest.fixture(scope="module")
def cell(tmp_path_factory: pytest.TempPathFactory, plant_csv: Path) -> CellFolder:
    return computed(str(plant_csv), LENGTH, tmp_path_factory.mktemp("cell") / "runs")


def test_the_constructor_stores_and_fit_validates(dataset: Dataset) -> None:
    model = generator("gausian", budget="smokee", seed=3, shrinkage=0.5)
    assert model.get_params() == {
        "generator": "gausian", "budget": "smokee", "seed": 3, "device": "auto", "shrinkage": 0.5,
    }  # fmt: skip
    assert repr(model) == "generator('gausian', budget='smokee', seed=3, device='auto', shrinkage=0.5)"
    with pytest.raises(UserError, match="unknown budget 'smokee'; did you mean 'smoke'"):
        model.fit(dataset)
    with pytest.raises(UserError, match="unknown generator 'gausian'; did you mean 'gaussian'"):
        model.set_params(budget="smoke").fit(dataset)
    with pytest.raises(UserError, match="unknown key 'shrinkage' in generator 'gaussian'"):
        model.set_params(generator="gaussian").fit(dataset)
    with pytest.raises(UserError, match="not fitted; call fit"):
        model.sample(3)
    copied = clone(model)
    assert copied is not model
    assert copied.get_params() == model.get_params()


def test_a_fit_is_that_of_a_suites_cell(dataset: Dataset, cell: CellFolder) -> None:
    model = generator("gaussian", budget="smoke")
    assert model.fit(dataset) is model
    with np.load(cell.samples) as archive:
        np.testing.assert_array_equal(model.sample(256), archive["samples"])
    record = cell.record()
    assert record is not None
    assert model.params_ == record.params
    assert not np.array_equal(model.sample(256), model.sample(256, seed=1))
    np.testing.assert_array_equal(model.sample(256, seed=1), model.generator_.sample(256, 1))


def test_samples_in_units_lie_in_the_ranges_of_the_data(dataset: Dataset) -> None:
    model = generator(Gaussian, budget="smoke").fit(dataset)
    scaled, values = model.sample(50), model.sample(50, units=True)
    assert (scaled.dtype, values.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(values, dataset.inverse_transform(scaled))
    assert 100_000 < values[..., 0].min() < values[..., 0].max() < 102_000
    assert model.feature_names == ("pressure", "temperature")
    with pytest.raises(UserError, match="0 windows were asked for; ask for at least 1"):
        model.sample(0)


def test_a_bare_array_is_fitted_and_has_no_units(dataset: Dataset) -> None:
    model = generator("gaussian", budget="smoke").fit(dataset.windows.astype(np.float64))
    assert model.sample(4).shape == (4, LENGTH, 2)
    assert model.feature_names == ("feature_1", "feature_2")
    with pytest.raises(UserError, match="the units of these windows are not known"):
        model.sample(4, units=True)
    with pytest.raises(UserError, match=r"values from .* to .*; scale every feature to \[0, 1\]"):
        model.fit(dataset.inverse_transform(dataset.windows))
    with pytest.raises(
        UserError, match=r"an array of shape \(5, 2\) and type float64 was given; pass numbers \(N, T, D\)"
    ):
        model.fit(np.zeros((5, 2)))


def test_the_oracle_takes_what_the_data_set_has(plant_csv: Path, dataset: Dataset) -> None:
    strict = load_dataset(plant_csv, length=LENGTH, protocol="strict")
    drawn = generator("oracle", budget="fast").fit(strict).sample(len(strict.test))
    assert strict.validation is not None
    np.testing.assert_array_equal(drawn, np.clip(strict.validation, 0, 1))
    with pytest.raises(UserError, match="the oracle needs real windows disjoint from the test windows"):
        generator("oracle", budget="fast").fit(dataset)


@pytest.mark.parametrize("given", ["gaussian", "baselines.controls.gaussian:Gaussian", Gaussian])
def test_saved_and_loaded_it_samples_the_same(given: str | type[Gaussian], dataset: Dataset, tmp_path: Path) -> None:
    model = generator(given, budget="smoke", seed=2).fit(dataset)
    model.save(tmp_path / "deep" / "model")
    model.save(tmp_path / "deep" / "model")
    loaded = load_generator(tmp_path / "deep" / "model")
    assert loaded.get_params() == model.get_params()
    assert loaded.params_ == model.params_
    np.testing.assert_array_equal(loaded.sample(20, units=True), model.sample(20, units=True))


def test_folders_that_are_no_saved_generator_are_refused(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(UserError, match=r"holds 'mine.txt', which is no part of a saved generator"):
        generator("gaussian", budget="smoke").fit(dataset).save(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "precious"
    with pytest.raises(UserError, match="holds no saved generator; name a folder that save wrote"):
        load_generator(tmp_path)
    generator("gaussian", budget="smoke").fit(dataset).save(tmp_path / "model")
    (tmp_path / "model" / "notes.txt").write_text("precious")
    with pytest.raises(UserError, match=r"holds 'notes.txt', which is no part of a saved generator"):
        generator("gaussian", budget="smoke").fit(dataset).save(tmp_path / "model")
    assert (tmp_path / "model" / "notes.txt").read_text() == "precious"
    with pytest.raises(UserError, match="is a file; name a folder"):
        generator("gaussian", budget="smoke").fit(dataset).save(tmp_path / "mine.txt")
    shutil.rmtree(tmp_path / "model" / "model")
    with pytest.raises(UserError, match=r"the model in '.*' was altered after save wrote it; save the generator again"):
        load_generator(tmp_path / "model")
    record = tmp_path / "model" / "estimator.json"
    write_json(record, {**read_json(record), "files": {}})
    with pytest.raises(UserError, match=r"the model in '.*' cannot be read \(.*\); save it again"):
        load_generator(tmp_path / "model")


def test_a_cell_is_loaded_with_the_ranges_in_its_samples(dataset: Dataset, cell: CellFolder) -> None:
    loaded = load_cell("plant-8-gaussian", cell.path.parent.parent)
    whole = generator("gaussian", budget="smoke").fit(dataset)
    np.testing.assert_array_equal(loaded.sample(30, units=True), whole.sample(30, units=True))
    assert loaded.feature_names == dataset.features


def test_a_cell_whose_samples_are_lost_takes_the_ranges_of_its_data(tmp_path: Path) -> None:
    folder = computed("sines", 5, tmp_path / "runs")
    expected = load_cell(folder.key, tmp_path / "runs")
    folder.samples.unlink()
    found = load_cell(folder.key, tmp_path / "runs")
    assert found.feature_names == expected.feature_names == tuple(f"sine_{i}" for i in range(1, 6))
    np.testing.assert_array_equal(found.sample(9, units=True), expected.sample(9, units=True))


def test_a_cell_whose_samples_are_damaged_on_data_that_are_not_known_is_one_sentence(
    cell: CellFolder, tmp_path: Path
) -> None:
    store = shutil.copytree(cell.path.parent.parent, tmp_path / "runs")
    (store / "cells" / cell.path.name / "samples.npz").write_bytes(b"damaged")
    with pytest.raises(
        UserError, match=r"samples\.npz' is missing or damaged, and its data set 'plant' is not a shipped"
    ):
        load_cell(cell.path.name, store)


def test_a_cell_that_is_not_there_or_not_trained_is_one_sentence(cell: CellFolder, tmp_path: Path) -> None:
    store = shutil.copytree(cell.path.parent.parent, tmp_path / "runs")
    with pytest.raises(UserError, match=rf"no cell begins with 'plnt-8-gausian' .*; did you mean '{cell.path.name}'\?"):
        load_cell("plnt-8-gausian", store)
    record = store / "cells" / cell.path.name / "cell.json"
    whole = record.read_text()
    record.write_text(whole.replace("plant", "plane"))
    with pytest.raises(UserError, match=r"cell\.json is missing, damaged or altered; run its suite again"):
        load_cell(cell.path.name, store)
    record.write_text(whole)
    (store / "cells" / cell.path.name / "stages" / "fit.json").unlink()
    with pytest.raises(UserError, match=r"has no trained model as its run left it \(missing\); run its suite again"):
        load_cell("plant", store)


def test_numbers_of_numpy_are_numbers(dataset: Dataset, tmp_path: Path) -> None:
    model = generator("jitter", budget="smoke", seed=np.int64(1), noise=np.float32(0.5)).fit(dataset)
    model.save(tmp_path / "model")
    assert load_generator(tmp_path / "model").get_params() == model.get_params()
    assert len(model.sample(np.int64(3), seed=np.int64(0))) == 3
    for wrong in (2.5, "3", True):
        with pytest.raises(UserError, match=r"n is .*; give a whole number"):
            model.sample(wrong)
    with pytest.raises(UserError, match="unknown budget '3'"):
        generator("copy", budget=3).fit(dataset)
