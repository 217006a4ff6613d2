"""Python and packages against the bounds that the project states; no package is imported."""

from __future__ import annotations

import importlib.metadata
import platform
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from benchmark.doctor.finding import Finding, Level
from benchmark.imports import ROOT

PROJECT = "timemar-benchmark"
EXTRAS = {
    "mujoco": "the data set mujoco",
    "parquet": "data in Parquet files",
    "ray": "cells on the nodes of a Ray cluster",
    "tensorflow": "the TensorFlow back end of the published scores",
}
"""Optional extras of the project, and what each is for."""


@dataclass(frozen=True)
class Bounds:
    """What the project asks for: versions of Python, packages, and packages by extra."""

    python: str
    packages: tuple[Requirement, ...]
    extras: Mapping[str, tuple[Requirement, ...]]


def stated_bounds() -> Bounds:
    """The bounds of `pyproject.toml` in a checkout, or those that were installed with the program."""
    path = ROOT / "pyproject.toml"
    if path.is_file():
        project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        extras = {name: tuple(map(Requirement, project["optional-dependencies"][name])) for name in EXTRAS}
        return Bounds(project["requires-python"], tuple(map(Requirement, project["dependencies"])), extras)
    every = [Requirement(text) for text in importlib.metadata.requires(PROJECT) or []]
    plain = tuple(one for one in every if one.marker is None or one.marker.evaluate({"extra": ""}))
    extras = {
        name: tuple(one for one in every if one not in plain and one.marker and one.marker.evaluate({"extra": name}))
        for name in EXTRAS
    }
    return Bounds(importlib.metadata.metadata(PROJECT)["Requires-Python"], plain, extras)


def package_findings(bounds: Bounds | None = None) -> Iterator[Finding]:
    """Python, every required package, and every package of an extra."""
    bounds = bounds or stated_bounds()
    python = platform.python_version()
    fits = SpecifierSet(bounds.python).contains(python, prereleases=True)
    yield Finding(
        "packages",
        "Python",
        "ok" if fits else "missing",
        f"{python} is here, {bounds.python} is needed",
        ""
        if fits
        else f"install Python {bounds.python}, and make the environment anew with its `python -m venv .venv`",
        blocking=not fits,
    )
    for requirement in bounds.packages:
        yield _package(requirement, "packages", "missing", "")
    for extra, purpose in EXTRAS.items():
        for requirement in bounds.extras.get(extra, ()):
            yield _package(requirement, "optional packages", "warning", f", for {purpose}")


def _package(requirement: Requirement, area: str, lacking: Level, purpose: str) -> Finding:
    """One package; where it does not fit, the finding has the level `lacking`."""
    wanted = f"{requirement.specifier} is needed{purpose}" if requirement.specifier else f"needed{purpose}"
    remedy = f'python -m pip install "{requirement.name}{requirement.specifier}"'
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        said = f"not installed, {wanted}"
        return Finding(area, requirement.name, lacking, said, remedy, blocking=lacking == "missing")
    said = f"{version} is here, {wanted}"
    if requirement.specifier.contains(version, prereleases=True):
        return Finding(area, requirement.name, "ok", said)
    return Finding(area, requirement.name, lacking, said, remedy, blocking=lacking == "missing")
