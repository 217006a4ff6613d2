from __future__ import annotations

import re
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest

from benchmark.api import Dataset, UserError, load_dataset
from benchmark.data import load_spec, load_windows
from benchmark.seeds import derive_seed
from tests.benchmark.api.conftest import LENGTH, plant


def test_windows_go_into_the_units_of_the_file_and_back(dataset: Dataset) -> None:
    assert dataset.windows.shape == (400 - LENGTH + 1, LENGTH, 2)
    assert dataset.windows.dtype == np.float32
    assert dataset.features == ("pressure", "temperature")
    values = dataset.inverse_transform(dataset.windows)
    assert values.dtype == np.float64
    # float32 keeps 2⁻²⁴ of a range of about 800 and 15.
    np.testing.assert_allclose(values[17], plant()[17 : 17 + LENGTH], rtol=0, atol=1e-3)
    np.testing.assert_allclose(dataset.transform(values), dataset.windows, atol=1e-6)
    with pytest.raises(
        UserError, match=r"shape \(3, 5\) was given, but the last axis must hold the 2 features pressure, temp"
    ):
        dataset.transform(np.zeros((3, 5)))


def test_it_is_frozen_and_says_what_it_is(dataset: Dataset) -> None:
    assert repr(dataset) == "Dataset('plant', length=8, protocol='paper': 393 training windows, D=2)"
    with pytest.raises(FrozenInstanceError):
        dataset.name = "other"  # type: ignore[misc]


def test_a_constant_feature_keeps_its_value(tmp_path: Path) -> None:
    rows = np.column_stack([np.arange(30.0), np.full(30, 7.5)])
    np.savetxt(tmp_path / "flat.csv", rows, delimiter=",", header="a,b", comments="")
    flat = load_dataset(tmp_path / "flat.csv", length=5)
    assert (flat.windows[..., 1] == 0).all()
    assert (flat.inverse_transform(flat.windows)[..., 1] == 7.5).all()


def test_roles_under_strict_are_those_of_a_suite(plant_csv: Path) -> None:
    strict = load_dataset(plant_csv, length=LENGTH, protocol="strict")
    expected = load_windows(
        load_spec(str(plant_csv)), LENGTH, "strict", limit=20, seed_for_split=derive_seed("split", "plant", 8, "strict")
    )
    train, validation, disjoint = strict.roles_of_fit(20)
    np.testing.assert_array_equal(train, expected.train)
    np.testing.assert_array_equal(validation, expected.validation)
    np.testing.assert_array_equal(disjoint, expected.real_disjoint)
    assert strict.test is not strict.windows
    assert {role: len(numbers) for role, numbers in strict.blocks.items()} == {
        "train": len(strict.windows), "validation": len(strict.test), "test": len(strict.test),
    }  # fmt: skip


def test_a_limit_below_unequal_roles_chooses_as_a_suite_does(tmp_path: Path) -> None:
    # A gap in time within a test block costs windows of it, so that some validation windows are left out.
    rows = np.column_stack([np.arange(500), plant(500)])
    np.savetxt(
        tmp_path / "odd.csv", np.delete(rows, slice(195, 198), axis=0), delimiter=",", header="time,a,b", comments=""
    )
    strict = load_dataset(tmp_path / "odd.csv", length=LENGTH, protocol="strict")
    counts = [int(number) for number in re.findall(r"of (\d+) validation and (\d+) test windows", strict.note)[0]]
    assert counts[0] != counts[1]
    expected = load_windows(
        load_spec(str(tmp_path / "odd.csv")),
        LENGTH,
        "strict",
        limit=20,
        seed_for_split=derive_seed("split", "odd", LENGTH, "strict"),
    )
    train, validation, _ = strict.roles_of_fit(20)
    np.testing.assert_array_equal(train, expected.train)
    np.testing.assert_array_equal(validation, expected.validation)
    assert expected.note.endswith("test windows 20 each are used")


def test_a_generated_set_has_a_second_draw_for_the_oracle() -> None:
    sines = load_dataset("sines", length=5)
    assert sines.test is sines.windows
    assert sines.real_disjoint is not None
    assert sines.real_disjoint.shape == sines.windows.shape
    assert not np.array_equal(sines.real_disjoint, sines.windows)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"name_or_path": "stokcs"}, r"unknown data set 'stokcs'; did you mean 'stocks'\?"),
        ({"protocol": "stict"}, r"unknown protocol 'stict'; did you mean 'strict'\?"),
        ({"length": 1}, r"the length is 1, but a window has at least 2 time steps"),
        ({"length": 500}, r"has 400 rows, but windows of 500 rows need 500"),
    ],
)
def test_mistakes_are_one_sentence(plant_csv: Path, arguments: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        load_dataset(**{"name_or_path": plant_csv, **arguments})  # type: ignore[arg-type]


def test_a_missing_file_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIMEMAR_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"stock_data\.csv of the data set 'stocks' is not here; get it with"):
        load_dataset("stocks", data_dir=tmp_path, download=False)


@pytest.mark.parametrize(
    "options", [{"drop": "pressure"}, {"drop": 5}, {"drop": None}, {"stride": object()}, {"one_hot": "pressure"}]
)
def test_options_of_another_kind_are_refused(plant_csv: Path, options: dict[str, object]) -> None:
    with pytest.raises(UserError, match=f"{next(iter(options))}.*data file|data file.*{next(iter(options))}"):
        load_dataset(plant_csv, length=LENGTH, options=options)


def test_an_option_may_be_a_number_of_numpy(plant_csv: Path) -> None:
    halved = load_dataset(plant_csv, length=LENGTH, options={"stride": np.int64(2)})
    assert len(halved.windows) == (400 - LENGTH) // 2 + 1
