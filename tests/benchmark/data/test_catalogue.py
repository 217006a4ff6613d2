"""Data sets by name, by YAML and by file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.data import DATASETS, DatasetSpec, load_spec, spec_from_csv
from benchmark.errors import UserError

SHIPPED = ["energy", "etth", "fmri", "mujoco", "sines", "stocks"]
GENERATED = "recipe: {process: sines}\n"


def test_the_six_sets_of_the_papers_are_shipped() -> None:
    assert DATASETS.names() == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_set_is_complete(name: str) -> None:
    spec = load_spec(name)
    assert spec.id == name
    assert spec.title
    assert spec.summary
    assert spec.origin
    assert spec.licence
    assert spec.features
    assert spec.recipe or (spec.url and spec.sha256 and spec.rows)


def test_a_set_survives_json() -> None:
    for name in SHIPPED:
        spec = load_spec(name)
        assert DatasetSpec.model_validate(json.loads(spec.model_dump_json())) == spec


def test_identity_is_about_the_windows_only() -> None:
    spec = load_spec("fmri")
    other_words = spec.model_copy(
        update={"title": "x", "notes": (), "licence": "", "folder": "/elsewhere", "rows": None}
    )
    assert json.dumps(other_words.identity()) == json.dumps(spec.identity())
    for changes in (
        {"within_series": True},
        {"stride": 2},
        {"scaling": "none"},
        {"columns": ("a",)},
        {"series_length": 100},
        {"missing": "drop"},
        {"one_hot": ("a",)},
        {"time_format": "day-first"},
    ):
        assert spec.model_copy(update=changes).identity() != spec.identity()


@pytest.mark.parametrize(
    ("yaml", "sentence"),
    [
        (
            "file: a.csv\ncolums: [x]\n",
            r"unknown key 'colums' in data set file '.*set\.yaml'; did you mean 'columns'\?",
        ),
        ("title: nothing\n", r"'recipe' is None, but a data set has either a 'file' or a 'recipe'\."),
        ("file: a.csv\n" + GENERATED, r"but a data set has either a 'file' or a 'recipe'\."),
        ("file: a.txt\n", r"'file' is 'a\.txt', but data files end in \.csv, \.parquet, \.mat, \.npy, \.npz\."),
        (
            "file: a.csv\nurl: http://a.org/a.csv\n",
            r"'url' is 'http://a\.org/a\.csv', but files are downloaded over https",
        ),
        ("file: a.csv\nmising: drop\n", r"unknown key 'mising' in data set file '.*'; did you mean 'missing'\?"),
        ("file: a.csv\nmissing: skip\n", r"'missing' is 'skip', but input should be 'drop' or 'interpolate'\."),
        (
            "file: a.csv\ntime_format: iso\n",
            r"'time_format' is 'iso', but a time format is day-first, month-first, epoch,",
        ),
        ("file: a.csv\nsha256: abc\n", r"'sha256' is 'abc', but a SHA-256 has 64 small hexadecimal digits\."),
        ("file: a.csv\nid: A b\n", r"'id' is 'A b', but an id has 1 to 64 small letters"),
        ("file: a.csv\nstride: 0\n", r"'stride' is 0, but input should be greater than or equal to 1\."),
        ("file: a.mat\n", r"'array' is None, but a MATLAB file needs the name of the array to read\."),
        ("file: a.csv\nseries_column: s\nseries_length: 5\n", r"'series_length' is 5, but series are told apart by"),
        ("file: a.csv\nid: stocks\n", r"the id 'stocks' belongs to a shipped data set; choose another\."),
        ("extends: stoks\n", r"unknown data set 'stoks' in 'extends' of '.*'; did you mean 'stocks'\?"),
        ("- a\n", r"must hold a mapping of keys to values, not list\."),
        ("recipe: {process: waves}\n", r"'recipe\.process' is 'waves', but input should be 'sines' or 'hopper'\."),
    ],
)
def test_a_bad_yaml_is_refused_in_one_sentence(tmp_path: Path, yaml: str, sentence: str) -> None:
    path = tmp_path / "set.yaml"
    path.write_text(yaml)
    with pytest.raises(UserError, match=sentence):
        load_spec(str(path))


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(UserError, match=r"^unknown data set 'stoks'; did you mean 'stocks'\?$"):
        load_spec("stoks")


def test_a_yaml_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "My plant.yaml"
    path.write_text("file: plant.csv\ntime_column: when\nseries_column: unit\n")
    spec = load_spec(str(path))
    assert spec.id == "my_plant"
    assert spec.folder == str(tmp_path)
    assert spec.within_series


def test_a_yaml_may_state_only_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "subjects.yaml"
    path.write_text("extends: fmri\nwithin_series: true\n")
    spec = load_spec(str(path))
    fmri = load_spec("fmri")
    assert spec == fmri.model_copy(update={"id": "subjects", "extends": "fmri", "within_series": True})


def test_another_file_does_not_inherit_the_shipped_checksum(tmp_path: Path) -> None:
    path = tmp_path / "newer.yaml"
    path.write_text("extends: etth\nfile: ETTh2.csv\n")
    spec = load_spec(str(path))
    assert (spec.sha256, spec.url, spec.rows) == (None, None, None)
    assert spec.time_column == "date"


def test_the_shipped_yaml_by_its_path_is_the_shipped_set() -> None:
    path = Path(__file__).parents[3] / "configs" / "datasets" / "stocks.yaml"
    assert load_spec(str(path)) == load_spec("stocks")


@pytest.mark.parametrize(
    ("file", "slug"),
    [("Gas Turbine (2).csv", "gas_turbine_2"), ("stocks.csv", "own_stocks"), ("été.npy", "t"), ("--.npz", "data")],
)
def test_a_bare_file_gets_an_id_that_is_no_shipped_one(tmp_path: Path, file: str, slug: str) -> None:
    spec = spec_from_csv(tmp_path / file)
    assert spec.id == slug
    assert load_spec(str(tmp_path / file)) == spec


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("a.xlsx", r"'.*a\.xlsx' does not end in \.csv, \.parquet, \.npy, \.npz; convert it\."),
        ("a.mat", r"'.*a\.mat' does not end in .*; describe it in a YAML file that names its array\."),
        ("", r"is a folder; name the data file in it\."),
    ],
)
def test_other_files_are_refused(tmp_path: Path, file: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        spec_from_csv(tmp_path / file)


def test_importing_is_light() -> None:
    heavy = "{'torch', 'pandas', 'scipy', 'sklearn', 'mujoco'}"
    code = f"import sys, benchmark.data; sys.exit(str({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
