"""A plug-in is what its source says: an edit of it, or of a module beside it, is another generator."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.config.source import source_digest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package and a module beside it that imports it, importable."""
    root = tmp_path / "here"
    (root / "plant_nets").mkdir(parents=True)
    (root / "plant_model.py").write_text(
        "import numpy\nfrom plant_nets import layers\nfrom plant_helper import help_me\n"
    )
    (root / "plant_helper.py").write_text("def help_me(): ...\n")
    (root / "plant_other.py").write_text("x = 1\n")
    (root / "plant_nets" / "__init__.py").write_text("")
    (root / "plant_nets" / "layers.py").write_text("from . import sizes\n")
    (root / "plant_nets" / "sizes.py").write_text("width = 3\n")
    monkeypatch.syspath_prepend(str(root))
    yield root
    for name in [name for name in sys.modules if name.startswith("plant_")]:
        del sys.modules[name]


@pytest.mark.parametrize("edited", ["plant_model.py", "plant_helper.py", "plant_nets/layers.py", "plant_nets/sizes.py"])
def test_an_edit_is_another_source(folder: Path, edited: str) -> None:
    before = source_digest("plant_model")
    with (folder / edited).open("a") as file:
        file.write("# edited\n")
    assert source_digest("plant_model") != before


def test_what_is_not_imported_and_where_it_lies_do_not_matter(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = source_digest("plant_model")
    assert len(before) == 16
    (folder / "plant_other.py").write_text("x = 2\n")
    assert source_digest("plant_model") == before
    shutil.copytree(folder, tmp_path / "there")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "there"), *(p for p in sys.path if p != str(folder))])
    sys.path_importer_cache.clear()
    assert source_digest("plant_model") == before


def test_an_installed_module_is_itself_and_no_other_package(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = folder.parent / "site-packages"
    folder.rename(installed)
    monkeypatch.syspath_prepend(str(installed))
    sys.path_importer_cache.clear()
    before = source_digest("plant_model")
    (installed / "plant_helper.py").write_text("# another distribution's\n")
    assert source_digest("plant_model") == before


def test_shipped_generators_are_told_by_their_version() -> None:
    assert source_digest("baselines.controls.gaussian") == source_digest("timemar.generator") == ""
