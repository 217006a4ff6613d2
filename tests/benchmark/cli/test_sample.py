from __future__ import annotations

import builtins
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmark.api import generator, load_dataset
from benchmark.api.export import write_windows
from benchmark.errors import UserError
from tests.benchmark.run.conftest import run_suite
from tests.conftest import CommandLine

SUITE = """
budget: smoke
datasets: [plant.csv]
lengths: [6]
generators: [gaussian]
scores: [spectral]
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run on one's own data, with a generator that Python saved beside its store."""
    folder = tmp_path_factory.mktemp("sample")
    rows = np.random.default_rng(0).normal((1013.0, 21.5), (4.0, 0.5), size=(60, 2))
    np.savetxt(folder / "plant.csv", rows, delimiter=",", header="pressure,temperature", comments="")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = run_suite(folder, text=SUITE)
        assert done.returncode == 0, done.stderr
        generator("gaussian", budget="smoke").fit(load_dataset("plant.csv", length=6)).save("model")
    return folder


@pytest.fixture
def here(trained: Path, tmp_path: Path) -> Path:
    """A copy of that folder in which commands run."""
    return shutil.copytree(trained, tmp_path, dirs_exist_ok=True)


def test_windows_of_a_cell_in_every_format(here: Path, command: CommandLine) -> None:
    where = ("sample", "--cell", "plant-6-gaussian", "--n", "7")
    done = command(*where, "--output", "new.csv")
    assert (done.returncode, done.stdout) == (0, "wrote new.csv\n"), done.stderr
    frame = pd.read_csv(here / "new.csv")
    assert list(frame.columns) == ["window", "step", "pressure", "temperature"]
    assert frame["window"].tolist() == [window for window in range(7) for _ in range(6)]
    assert frame["step"].tolist() == list(range(6)) * 7
    assert frame["pressure"].between(995, 1030).all()
    assert frame["temperature"].between(19, 24).all()
    assert command(*where).stdout == (here / "new.csv").read_text()
    assert command(*where, "--output", "new.npy").returncode == 0
    array = np.load(here / "new.npy")
    assert (array.shape, array.dtype) == ((7, 6, 2), np.float64)
    np.testing.assert_allclose(frame[["pressure", "temperature"]].to_numpy().reshape(7, 6, 2), array, rtol=1e-11)
    assert command(*where, "--scaled", "--output", "scaled.npy").returncode == 0
    scaled = np.load(here / "scaled.npy")
    assert scaled.dtype == np.float32
    assert 0 <= scaled.min() < scaled.max() <= 1
    assert command(*where, "--seed", "1").stdout != (here / "new.csv").read_text()


def test_json_says_what_a_file_of_samples_holds(here: Path, command: CommandLine) -> None:
    shared = {"shape": [5, 6, 2], "columns": ["pressure", "temperature"], "seed": 3}
    of_npy = {"path": "new.npy", "format": "npy", "scaled": True, "model": None}
    done = command(
        "sample", "--cell", "plant", "-n", "5", "--seed", "3", "--scaled", "--output", "new.npy", "--json", "-"
    )
    assert done.returncode == 0, done.stderr
    (cell,) = here.glob("runs/cells/*")
    assert json.loads(done.stdout) == {**shared, **of_npy, "cell": cell.name}
    done = command("sample", "--model", "model", "-n", "5", "--seed", "3", "--output", "new.csv", "--json", "new.json")
    assert (done.returncode, done.stdout) == (0, "wrote new.csv\n"), done.stderr
    of_csv = {"path": "new.csv", "format": "csv", "scaled": False, "cell": None, "model": "model"}
    assert json.loads((here / "new.json").read_text()) == {**shared, **of_csv}


def test_parquet_has_the_same_rows(here: Path, command: CommandLine) -> None:
    pytest.importorskip("pyarrow")
    where = ("sample", "--cell", "plant-6-gaussian", "--n", "3")
    assert command(*where, "--output", "new.csv").returncode == 0
    assert command(*where, "--output", "new.parquet").returncode == 0
    pd.testing.assert_frame_equal(pd.read_parquet(here / "new.parquet"), pd.read_csv(here / "new.csv"))


def test_a_saved_generator_gives_the_cells_windows(here: Path, command: CommandLine) -> None:
    from_cell = command("sample", "--cell", "plant-6-gaussian", "-n", "4")
    from_model = command("sample", "--model", "model", "-n", "4")
    assert from_model.returncode == 0, from_model.stderr
    assert from_model.stdout == from_cell.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--cell", "plnt-6-gausian"),
            "no cell begins with 'plnt-6-gausian' in the store 'runs'; did you mean 'plant-6-",
        ),
        (("--cell", "plant", "--n", "0"), "0 windows were asked for; ask for at least 1."),
        (("--cell", "plant", "--format", "xlsx"), "unknown format 'xlsx'; choose one of: csv, npy, parquet."),
        (
            ("--cell", "plant", "--format", "npy"),
            "the format npy is not for standard output; name a file with --output.",
        ),
        (
            ("--cell", "plant", "--json", "-"),
            "--json describes the file of --output, but none is named; add --output FILE.",
        ),
        (("--cell", "plant", "--store", "nowhere"), "there is no store 'nowhere'"),
        (("--model", "runs"), "'runs' holds no saved generator; name a folder that save wrote."),
        ((), "sample takes either --cell or --model; give one of them"),
        (("--model", "model", "--store", "runs"), "--model takes no --store; leave out one or the other."),
        (("--cell", "plant", "--model", "model"), "sample takes either --cell or --model; give one of them"),
    ],
)
def test_mistakes_are_one_sentence(here: Path, command: CommandLine, arguments: tuple[str, ...], sentence: str) -> None:
    done = command("sample", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {sentence}")
    assert done.stderr.count("\n") == 1


def test_a_missing_library_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = builtins.__import__

    def without(name: str, *rest: Any, **options: Any) -> Any:
        if name == "pyarrow":
            raise ImportError(name)
        return known(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        UserError, match=r'the format parquet needs pyarrow; `pip install "timemar-benchmark\[parquet\]"`'
    ):
        write_windows(tmp_path / "new.parquet", np.zeros((1, 2, 1)), ("a",), "parquet")
    assert not list(tmp_path.iterdir())


def test_a_feature_named_as_an_index_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a feature has the name 'step', which a table of windows needs for itself"):
        write_windows(tmp_path / "new.csv", np.zeros((1, 2, 1)), ("step",), "csv")
    assert not list(tmp_path.iterdir())
