"""Where the YAML and CSV files that ship with the project are, and how YAML from anywhere is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from benchmark.errors import UserError
from benchmark.imports import ROOT, is_file_module

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's loader reads ten times as fast as the one in Python, which a plan of every suite reads thousands of files with."""


def shipped(folder: str) -> Path:
    """A shipped folder, such as "configs/generators" or "results/published"."""
    # `configs` and `results` stand beside this package, in a checkout as in an installed wheel.
    return ROOT / folder


def shipped_names(folder: str) -> list[str]:
    """The names of the YAML files in a shipped folder, sorted."""
    return sorted(path.stem for path in shipped(folder).glob("*.yaml"))


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file's mapping; raises UserError in one sentence where it is missing, broken or something else."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"the file '{path}' does not exist; check the path.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the file '{path}' cannot be read as text ({type(error).__name__}); check the path.") from None
    try:
        values = yaml.load(text, LOADER)  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        position = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise UserError(f"the file '{path}' is not valid YAML{position}; correct it there.") from None
    if not isinstance(values, dict):
        raise UserError(f"the file '{path}' must hold a mapping of keys to values, not {type(values).__name__}.")
    return values


def beside(file: Path, name: str) -> str:
    """A path that a YAML file names, relative to that file; a name without a suffix and `module:Class` stay as they are."""
    is_path = is_file_module(name.rpartition(":")[0]) if ":" in name else bool(Path(name).suffix)
    return str(file.parent / name) if is_path else name
