"""Finding files and identifying their content."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
from pathlib import Path

import pytest

from benchmark.data import DatasetSpec, Recipe, download_folder, expected_fingerprint, fingerprint, load_spec, locate
from benchmark.errors import SkipCell, UserError

ABC = (
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # the SHA-256 of "abc": FIPS 180-2, appendix B.1
)


def _abc(**changes: object) -> DatasetSpec:
    return DatasetSpec.model_validate({"id": "abc", "file": "abc.csv", **changes})


def test_the_folder_asked_for_comes_before_the_variable_before_the_cache(
    tmp_path: Path, no_data_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, variable = tmp_path / "asked", tmp_path / "variable"
    for folder in (asked, variable, no_data_folders):
        folder.mkdir()
        (folder / "abc.csv").write_text("abc")
    monkeypatch.setenv("TIMEMAR_DATA_DIR", str(variable))
    assert locate(_abc(), asked) == asked / "abc.csv"
    (asked / "abc.csv").unlink()
    assert locate(_abc(), asked) == variable / "abc.csv"
    assert locate(_abc(), None) == variable / "abc.csv"
    monkeypatch.delenv("TIMEMAR_DATA_DIR")
    assert locate(_abc(), None) == no_data_folders / "abc.csv"
    assert download_folder(None) == no_data_folders
    assert download_folder(asked) == asked


def test_a_missing_shipped_file_is_a_skip_that_says_how_to_get_it(no_data_folders: Path) -> None:
    sentence = r"^the file stock_data\.csv .*`python -m benchmark data fetch stocks`.*--data-dir or TIMEMAR_DATA_DIR$"
    with pytest.raises(SkipCell, match=sentence):
        fingerprint(load_spec("stocks"), None)


def test_a_missing_file_of_ones_own_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^the data file '.*abc\.csv' does not exist; check the path\.$"):
        fingerprint(_abc(folder=str(tmp_path)), None)


def test_a_folder_in_the_file_s_place_is_refused(tmp_path: Path, no_data_folders: Path) -> None:
    (tmp_path / "abc.csv").mkdir()
    for spec in (_abc(folder=str(tmp_path)), _abc()):
        with pytest.raises(UserError, match=r"abc\.csv' is a folder, but a data file is needed"):
            fingerprint(spec, tmp_path)


def test_a_data_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"^the data folder '.*none' does not exist; correct --data-dir or leave it out\.$"
    ):
        locate(_abc(), tmp_path / "none")


def test_a_generated_set_has_no_file() -> None:
    with pytest.raises(UserError, match=r"^the data set 'sines' is generated and has no file"):
        locate(load_spec("sines"), None)


def test_the_fingerprint_is_the_file_s_sha256(tmp_path: Path) -> None:
    (tmp_path / "abc.csv").write_text("abc")
    assert fingerprint(_abc(), tmp_path) == ABC
    assert fingerprint(_abc(sha256=ABC), tmp_path) == ABC
    (tmp_path / "abc.csv").write_text("abd")
    os.utime(tmp_path / "abc.csv", (1, 1))
    assert fingerprint(_abc(), tmp_path) == hashlib.sha256(b"abd").hexdigest()


def test_another_file_s_checksum_is_refused_with_both(tmp_path: Path) -> None:
    (tmp_path / "abc.csv").write_text("abc")
    wrong = "0" * 64
    shipped = _abc(sha256=wrong, url="https://a.org/abc.csv")
    with pytest.raises(UserError, match=f"SHA-256 {ABC}, but .* has {wrong}; .*`python -m benchmark data fetch abc`"):
        fingerprint(shipped, tmp_path)
    with pytest.raises(UserError, match=f"SHA-256 {ABC}, but .* has {wrong}; correct 'sha256' in its YAML"):
        fingerprint(_abc(sha256=wrong, folder=str(tmp_path)), None)


def test_a_recipe_s_fingerprint_tells_recipes_apart() -> None:
    def of(**values: object) -> str:
        recipe = Recipe.model_validate({"process": "sines", **values})
        return fingerprint(DatasetSpec(id="x", recipe=recipe), None)

    assert of() == of(sequences=10_000, seed=123)
    assert len({of(), of(seed=124), of(sequences=9_999)}) == 3


def test_what_the_fingerprint_would_be_is_known_without_the_data(
    no_data_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert expected_fingerprint(load_spec("stocks")) == load_spec("stocks").sha256
    assert expected_fingerprint(load_spec("sines")) == fingerprint(load_spec("sines"), None)
    assert expected_fingerprint(_abc()) == "absent"
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "3.17.0")
    assert expected_fingerprint(load_spec("mujoco")) == fingerprint(load_spec("mujoco"), None)


def test_without_mujoco_its_data_set_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(SkipCell, match=r'not installed; `pip install "timemar-benchmark\[mujoco\]"`$'):
        fingerprint(load_spec("mujoco"), None)
