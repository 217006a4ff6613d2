from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement

from benchmark.data import DATASETS
from benchmark.doctor import machine, packages
from benchmark.doctor.command import can_run, examined, findings_text
from benchmark.doctor.finding import Finding
from benchmark.doctor.folders import data_findings, store_findings
from benchmark.files import write_json
from benchmark.machine import usable_memory
from benchmark.store.store import Store
from tests.command_line import in_a_new_process
from tests.conftest import CommandLine, environment


def by_name(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_the_bounds_are_those_of_the_project() -> None:
    bounds = packages.stated_bounds()
    assert bounds.python == ">=3.11"
    assert {"numpy", "torch", "typer"} <= {one.name for one in bounds.packages}
    assert {name: [one.name for one in found] for name, found in bounds.extras.items()} == {
        "mujoco": ["mujoco"],
        "parquet": ["pyarrow"],
        "ray": ["ray"],
        "tensorflow": ["tensorflow"],
    }


def test_an_installed_program_states_the_same_bounds_without_a_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    listed = [
        "numpy>=2.0",
        "mujoco==3.17.0; extra == 'mujoco'",
        "pyarrow>=16; extra == 'parquet'",
        "pytest; extra == 'x'",
    ]
    monkeypatch.setattr(packages, "ROOT", tmp_path)
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: listed)
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: {"Requires-Python": ">=3.11"})
    bounds = packages.stated_bounds()
    assert [one.name for one in bounds.packages] == ["numpy"]
    assert {name: [one.name for one in found] for name, found in bounds.extras.items()} == {
        "mujoco": ["mujoco"],
        "parquet": ["pyarrow"],
        "ray": [],
        "tensorflow": [],
    }


def test_packages_that_are_absent_or_too_old_say_what_to_type() -> None:
    wanted = tuple(map(Requirement, ("numpy>=1", "pytest>=9999,<10000", "no-such-package-here>=2")))
    bounds = packages.Bounds(">=99", wanted, {"mujoco": (Requirement("no-such-extra>=3"),)})
    found = by_name(packages.package_findings(bounds))
    assert {name: (one.level, one.blocking) for name, one in found.items()} == {
        "Python": ("missing", True),
        "numpy": ("ok", False),
        "pytest": ("missing", True),
        "no-such-package-here": ("missing", True),
        "no-such-extra": ("warning", False),
    }
    assert found["pytest"].said == f"{pytest.__version__} is here, <10000,>=9999 is needed"
    assert found["no-such-package-here"].said == "not installed, >=2 is needed"
    assert found["no-such-package-here"].remedy == 'python -m pip install "no-such-package-here>=2"'
    assert found["no-such-extra"].said.endswith("for the data set mujoco")


def test_data_files_that_are_missing_or_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMEMAR_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    found = by_name(data_findings(None))
    assert set(found) == set(DATASETS.names())
    assert (found["sines"].level, found["stocks"].level, found["stocks"].blocking) == ("ok", "missing", False)
    assert found["stocks"].remedy == "python -m benchmark data fetch stocks"
    (tmp_path / "stock_data.csv").write_text("other\n")
    (tmp_path / "ETTh1.csv").write_text("other\n")
    found = by_name(data_findings(None))
    # The main job is refused with wrong Stocks, and knows nothing of ETTh.
    assert {name: (found[name].level, found[name].blocking) for name in ("stocks", "etth")} == {
        "stocks": ("missing", True),
        "etth": ("missing", False),
    }
    assert "has the SHA-256" in found["stocks"].said


def test_without_mujoco_its_data_set_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    found = by_name(data_findings(None))["mujoco"]
    assert (found.level, found.blocking, found.remedy) == ("missing", False, 'python -m pip install "mujoco==3.17.0"')


def test_a_store_that_can_be_written_and_is_left_as_it_was(tmp_path: Path) -> None:
    root = tmp_path / "far" / "runs"
    found = by_name(store_findings(Store(root)))
    assert [(one.level, one.blocking) for one in found.values()] == [("ok", False)] * 3
    assert found[str(root)].said == "is made by the first run"
    assert not root.parent.exists()
    Store(root).create()
    kept = sorted(root.rglob("*"))
    assert by_name(store_findings(Store(root)))[str(root)].said == "can be written"
    assert sorted(root.rglob("*")) == kept


def test_folders_that_cannot_be_a_store_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("")
    old = Store(tmp_path / "old").create()
    write_json(old.root / "store.json", {"format": "timemar-benchmark store", "version": 1})
    for name, sentence in (
        ("file", "is a file; choose a folder"),
        ("file/runs", "Not a directory"),
        ("full", "holds other files and is no store"),
        ("old", "is of version 1"),
    ):
        found = by_name(store_findings(Store(tmp_path / name)))[str(tmp_path / name)]
        assert (found.level, found.blocking) == ("missing", True)
        assert sentence in found.said
        assert found.remedy.endswith("--store FOLDER")

    def refuse(**_: object) -> None:
        raise OSError(30, "Read-only file system", str(tmp_path))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    found = by_name(store_findings(Store(tmp_path / "runs")))[str(tmp_path / "runs")]
    assert found.blocking
    assert "(Read-only file system)" in found.said


@pytest.mark.parametrize(
    ("free", "level", "blocking"),
    [(50 * 2**20, "missing", True), (2**30, "warning", False), (3 * 2**30, "ok", False)],
)
def test_free_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str, blocking: bool) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    found = by_name(store_findings(Store(tmp_path / "runs")))["disk"]
    assert (found.level, found.blocking) == (level, blocking)


def test_a_damaged_database_is_no_obstacle_and_says_what_to_type(tmp_path: Path) -> None:
    store = Store(tmp_path / "my runs").create()
    path = store.root / "mlflow.db"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE runs (x)")
    base.close()
    assert by_name(store_findings(store))["MLflow database"].level == "ok"
    path.write_bytes(b"no database at all" * 100)
    found = by_name(store_findings(store))["MLflow database"]
    assert (found.level, found.blocking) == ("warning", False)
    assert "'mlflow.db' is damaged" in found.said
    # What it says to type does what it says, up to the upload.
    subprocess.run(["sh", "-c", found.remedy.partition(" && ")[0]], check=True)
    assert not path.exists()
    assert by_name(store_findings(store))["MLflow database"].level == "ok"


def test_memory_is_what_is_free_within_the_limit_of_the_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "MEMORY", tmp_path / "meminfo")
    monkeypatch.setattr("benchmark.machine.CONTROL_GROUP", tmp_path / "memory.max")
    everything = machine.free_memory()
    assert everything > 2**28
    (tmp_path / "meminfo").write_text("MemTotal: 900000 kB\nMemAvailable:  200000 kB\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.free_memory() == 1024 * 200_000
    (tmp_path / "memory.max").write_text("1048576\n")
    assert machine.free_memory() == usable_memory() == 2**20
    found = by_name(machine.machine_findings())["memory"]
    assert (found.level, found.blocking, found.remedy) == ("warning", False, "python -m benchmark run --workers 1")


@pytest.mark.parametrize(("there", "level"), [(False, "warning"), (True, "ok")])
def test_pytorch_is_asked_where_a_driver_exists(monkeypatch: pytest.MonkeyPatch, there: bool, level: str) -> None:
    cuda = SimpleNamespace(is_available=lambda: there, get_device_name=lambda index: "H100")
    torch = SimpleNamespace(__version__="2.13.0", cuda=cuda, version=SimpleNamespace(cuda="13.0"))
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "torch", torch)
        patched.setattr(machine, "driver_version", lambda: "580.1")
        patched.setattr(machine, "flags", lambda device: {"tf32_cudnn": True})
        patched.setattr(machine, "has_driver", lambda: False)
        assert "cells run on the CPU" in by_name(machine.machine_findings())["accelerator"].said
        patched.setattr(machine, "has_driver", lambda: True)
        found = by_name(machine.machine_findings())["accelerator"]
    assert (found.level, found.blocking) == (level, False)
    if there:
        told = "H100, CUDA 13.0, driver 580.1; TF32 in convolutions; no deterministic algorithms asked for"
        assert found.said == told


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            {"tf32_matmul": True, "tf32_cudnn": True},
            "TF32 in products and convolutions; no deterministic algorithms asked for",
        ),
        ({"tf32_cudnn": True, "NVIDIA_TF32_OVERRIDE": "0"}, "TF32 off; no deterministic algorithms asked for"),
        ({"deterministic_algorithms": True}, "TF32 off; deterministic algorithms"),
    ],
)
def test_settings_of_the_accelerator_are_told(flags: dict[str, bool | str], said: str) -> None:
    assert machine.settings_text(flags) == said


def test_what_cannot_be_examined_without_a_package_names_it() -> None:
    def section() -> Iterator[Finding]:
        yield Finding("data", "first", "ok", "here")
        raise ModuleNotFoundError(name="pydantic.fields")

    found = examined("data", section)
    assert [(one.name, one.level) for one in found] == [("first", "ok"), ("pydantic", "missing")]
    assert not can_run(found)
    assert findings_text(found).splitlines() == [
        "data",
        "  ok       first: here",
        "  missing  pydantic: cannot be examined without the package pydantic",
        "           type: python -m pip install pydantic",
        "",
        "The main job cannot run before these are solved: pydantic",
    ]


def test_the_command_ends_with_1_where_the_main_job_cannot_run(command: CommandLine, tmp_path: Path) -> None:
    done = command("doctor", "--json", "-")
    record = json.loads(done.stdout)
    assert (done.returncode, record["can_run"]) == (0, True), done.stdout
    assert set(record["findings"][0]) == {"area", "name", "level", "said", "remedy", "blocking"}
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "thesis.tex").write_text("")
    done = command("doctor")
    assert done.returncode == 1
    assert done.stdout.endswith("The main job cannot run before these are solved: runs\n")
    assert list(tmp_path.rglob("*")) == [tmp_path / "runs", tmp_path / "runs" / "thesis.tex"]


def test_without_the_package_of_the_command_line_one_sentence_says_so(tmp_path: Path) -> None:
    """A module that fails as a missing one does stands first on the path, in a process that has loaded nothing yet."""
    first = tmp_path / "first"
    first.mkdir()
    (first / "typer.py").write_text("raise ModuleNotFoundError(\"No module named 'typer'\", name='typer')\n")
    path = f"{environment()['PYTHONPATH']}{os.pathsep}{first}"
    done = in_a_new_process(["doctor"], tmp_path, {**environment(), "PYTHONPATH": path})
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("error: the package 'typer' is not installed; install the program")
