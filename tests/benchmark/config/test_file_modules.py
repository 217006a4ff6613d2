"""A generator named by its file, `./file.py:Class`, is the one that `module:Class` names in the file's folder."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.config.generators import load_class, load_spec
from benchmark.config.suites import load_suite, parse_assignments
from benchmark.errors import UserError
from benchmark.plan.cell import Cell
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from tests.conftest import CommandLine

FILE = """\
from orchard_tools import WIDTH
from baselines.controls.jitter import Jitter


class AppleTree(Jitter):
    is_control = False
    def __init__(self, noise: float = WIDTH) -> None:
        self.noise = noise
class Beta(Jitter):
    version = "1.0b"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with a generator and the module that it imports in `mine/`."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "orchard.py").write_text(FILE)
    (mine / "orchard_tools.py").write_text("WIDTH = 0.02\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    forget()


def forget() -> None:
    for name in [name for name in sys.modules if name.startswith("orchard")]:
        del sys.modules[name]
    sys.path_importer_cache.clear()


def cells(suite: Path, *only: str, assignments: tuple[str, ...] = ()) -> tuple[Cell, ...]:
    return make_plan(load_suite(str(suite)), Request(only=only, assignments=assignments)).cells


def write_suite(path: Path, generator: str) -> Path:
    path.write_text(f"budget: smoke\ndatasets: [sines]\ngenerators: [copy, {generator}]\nscores: [dcr_ratio]\n")
    return path


def test_a_file_names_its_class(folder: Path) -> None:
    for text in ("./mine/orchard.py:AppleTree", "mine/orchard.py:AppleTree", f"{folder}/mine/orchard.py:AppleTree"):
        spec = load_spec(text)
        assert (spec.name, spec.title) == ("apple_tree", "AppleTree")
        assert load_class(spec)().noise == 0.02


def test_the_cell_is_that_of_its_source_wherever_the_file_lies(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = write_suite(folder / "mine" / "suite.yaml", "./orchard.py:AppleTree")
    here = cells(suite)[1]
    assert re.fullmatch("[0-9a-f]{16}", here.source)
    assert str(folder) not in json.dumps(here.identity())

    sys.path.append(str(folder / "mine"))
    assert cells(write_suite(folder / "named.yaml", "orchard:AppleTree"))[1].key == here.key

    shutil.copytree(folder / "mine", folder / "moved")
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if not entry.startswith(str(folder))])
    forget()
    assert cells(folder / "moved" / "suite.yaml")[1].key == here.key

    with (folder / "moved" / "orchard_tools.py").open("a") as file:
        file.write("# edited\n")
    assert cells(folder / "moved" / "suite.yaml")[1].key != here.key


def test_a_yaml_file_names_it_from_its_own_folder(folder: Path) -> None:
    (folder / "mine" / "tree.yaml").write_text("class: ./orchard.py:AppleTree\nparams: {noise: 0.5}\n")
    suite = write_suite(folder / "mine" / "suite.yaml", "tree.yaml")
    assert cells(suite)[1].params == {"noise": 0.5}


def test_only_and_set_take_the_file_as_well_as_the_name(folder: Path) -> None:
    suite = write_suite(folder / "suite.yaml", "mine/orchard.py:AppleTree")
    (cell,) = cells(
        suite,
        "generator=./mine/orchard.py:AppleTree",
        assignments=("./mine/orchard.py:AppleTree.noise=0.25",),
    )
    assert (cell.generator, cell.params) == ("apple_tree", {"noise": 0.25})
    assert [cell.generator for cell in cells(suite, "generator=apple_tree")] == ["apple_tree"]
    assert parse_assignments(["apple_tree.noise=1"]) == {"apple_tree": {"noise": 1}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("./mine/cherry.py:Tree", r"^generator 'tree': the file './mine/cherry.py' does not exist; check the path\.$"),
        (
            "./mine/orchard.py:Tree",
            r"^generator 'tree': './mine/orchard.py' has no 'Tree'; correct the name of the class",
        ),
        ("./mine/orchard.py", r"^'./mine/orchard.py' is a file without a class; write './mine/orchard.py:MyGenerator'"),
        ("./mine/orchard.py:WIDTH", r"'./mine/orchard.py:WIDTH' is no subclass of benchmark.interface.Generator"),
        ("./mine/orchard.py:Beta", r"'./mine/orchard.py:Beta' has the version '1.0b'; a version is a whole number"),
        ("./mine/orchard.v2.py:Tree", r"^generator 'tree': the file './mine/orchard.v2.py' has a dot in its name"),
        (
            "./mine/copy.py:Tree",
            r"^generator 'tree': the file './mine/copy.py' has the name of another module, '.*copy.py'",
        ),
        (
            "./mine/orchard_cut.py:Tree",
            r"the file './mine/orchard_cut.py' cannot be imported \(SyntaxError: .*\); correct it",
        ),
    ],
)
def test_a_mistake_is_one_sentence(folder: Path, text: str, message: str) -> None:
    for name, content in {"orchard.v2.py": FILE, "copy.py": FILE, "orchard_cut.py": "class Tree("}.items():
        (folder / "mine" / name).write_text(content)
    with pytest.raises(UserError, match=message) as caught:
        load_class(load_spec(text))
    assert "\n" not in str(caught.value)


def test_two_files_of_one_name_are_refused(folder: Path) -> None:
    shutil.copytree(folder / "mine", folder / "other")
    load_class(load_spec("./mine/orchard.py:AppleTree"))
    with pytest.raises(
        UserError, match=r"the file './other/orchard.py' has the name of another module, '.*mine/orchard"
    ):
        load_class(load_spec("./other/orchard.py:AppleTree"))


def test_the_worker_computes_it_and_its_row_is_in_the_table(folder: Path, command: CommandLine) -> None:
    write_suite(folder / "mine" / "suite.yaml", "./orchard.py:AppleTree")
    done = command("run", "--suite", "mine/suite.yaml", "--device", "cpu", "--only", "generator=apple_tree")
    assert done.returncode == 0, done.stderr
    assert "| AppleTree |" in done.stdout
    described = command("describe", "./mine/orchard.py:AppleTree", "--json", "-")
    assert json.loads(described.stdout)["class"] == "./mine/orchard.py:AppleTree"
