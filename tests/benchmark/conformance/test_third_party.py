"""A package of somebody else's, made importable with its entry point as an installer would, without a network."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT, CommandLine

PACKAGE = ROOT / "tests" / "fixtures" / "third_party"


def install(folder: Path, project: Path = PACKAGE) -> None:
    """What an installer leaves in `folder`: the modules, and a dist-info with the name, the version and the entry points."""
    facts = tomllib.loads((project / "pyproject.toml").read_text())
    name, version = facts["project"]["name"], facts["project"]["version"]
    for module in facts["tool"]["setuptools"]["py-modules"]:
        shutil.copy2(project / f"{module}.py", folder)
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    groups = facts["project"]["entry-points"]
    lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items()) for group, entries in groups.items()]
    (info / "entry_points.txt").write_text("\n".join(lines))


@pytest.fixture
def path(tmp_path: Path) -> str:
    """PYTHONPATH with the third party's package installed."""
    site = tmp_path / "site"
    site.mkdir()
    install(site)
    return f"{ROOT}{os.pathsep}{site}"


def test_a_third_party_is_listed_checked_and_run(command: CommandLine, path: str, tmp_path: Path) -> None:
    listed = command("list", "generators", "--json", "-", PYTHONPATH=path)
    assert json.loads(listed.stdout)["generators"]["drifting"].startswith("A uniform start between the quartiles")

    checked = command("check", "drifting", "--set", "width=0.5", PYTHONPATH=path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "26 of 26 checks passed" in checked.stdout

    (tmp_path / "mine.yaml").write_text("datasets: [sines]\ngenerators: [drifting]\nscores: [dcr_ratio]\n")
    done = command(
        "run", "--suite", "mine.yaml", "--budget", "smoke", "--device", "cpu", "--json", "-", PYTHONPATH=path
    )
    assert done.returncode == 0, done.stderr
    (cell,) = json.loads(done.stdout)["cells"]
    assert cell["generator"] == "drifting"
    assert cell["scores"]["dcr_ratio"]["repetitions"][0] > 0.5  # no copier


def test_a_broken_plug_in_is_warned_about_and_the_others_go_on(command: CommandLine, path: str, tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "drifting_windows.py").write_text("raise RuntimeError('half\\ninstalled')\n")
    listed = command("list", "generators", "--json", "-", PYTHONPATH=path)
    assert listed.returncode == 0
    found = json.loads(listed.stdout)["generators"]
    assert "drifting" not in found
    assert {"copy", "gaussian"} <= set(found)
    (line,) = listed.stderr.splitlines()
    assert line.startswith("warning: left out: generator 'drifting': the module 'drifting_windows' cannot be imported")
    assert "RuntimeError: half installed" in line

    planned = command(
        "run", "--suite", "table1", "--budget", "smoke", "--only", "dataset=sines", "--dry-run", PYTHONPATH=path
    )
    assert planned.returncode == 0, planned.stderr
    assert "warning: left out: generator 'drifting'" in planned.stderr

    asked = command("check", "drifting", PYTHONPATH=path)
    assert asked.returncode == 2
    assert asked.stderr.startswith("error: generator 'drifting'")
