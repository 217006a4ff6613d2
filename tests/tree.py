"""The files of the repository, in a clone as well as in a downloaded archive, which has no git."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.command_line import ROOT

NOT_KEPT = ("__pycache__", "_build", "runs", "build", "dist")
"""Folders that commands of this repository make."""
HIDDEN = (".ci", ".github", ".gitignore", ".pre-commit-config.yaml")
"""What the repository keeps under a hidden name."""


def kept_files(folder: Path = ROOT, *suffixes: str) -> Iterator[Path]:
    """The files below a folder that a clone would have, those of some suffixes alone if any are given."""
    for path in sorted(folder.iterdir()):
        if path.name in NOT_KEPT or path.suffix == ".egg-info" or (path.name[0] == "." and path.name not in HIDDEN):
            continue
        if path.is_dir():
            yield from kept_files(path, *suffixes)
        elif not suffixes or path.suffix in suffixes:
            yield path
