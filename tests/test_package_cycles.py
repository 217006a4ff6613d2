"""Packages import each other in one direction: no folder imports another that needs it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from benchmark.imports import OWN
from tests.conftest import ROOT


def folder(module: str) -> str:
    """What of the project a module belongs to: of `benchmark` the folder or module below it, else the whole package."""
    parts = module.split(".")
    return ".".join(parts[: 2 if parts[0] == "benchmark" else 1])


def imported(path: Path) -> Iterator[str]:
    """Every name that a file imports, at its top, in a function or for its types alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def needs(root: Path) -> dict[str, set[str]]:
    """By folder the others of the project that it imports."""
    found: dict[str, set[str]] = {}
    for path in (path for package in OWN for path in (root / package).rglob("*.py")):
        here = folder(".".join(path.relative_to(root).with_suffix("").parts))
        others = {folder(name) for name in imported(path) if name.split(".")[0] in OWN}
        found.setdefault(here, set()).update(others - {here})
    return found


def test_the_packages_have_an_order() -> None:
    TopologicalSorter(needs(ROOT)).prepare()  # the error names a cycle


def test_an_import_in_a_function_closes_a_cycle(tmp_path: Path) -> None:
    for name, text in {"a": "from benchmark.b.two import x\n", "b": "def f():\n    import benchmark.a.two\n"}.items():
        (tmp_path / "benchmark" / name).mkdir(parents=True)
        (tmp_path / "benchmark" / name / "one.py").write_text(text)
    with pytest.raises(CycleError, match=r"benchmark\.a.*benchmark\.b"):
        TopologicalSorter(needs(tmp_path)).prepare()
