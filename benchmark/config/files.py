"""Where the YAML and CSV files that ship with the project are, and how YAML from anywhere is read."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from benchmark.errors import UserError
from benchmark.imports import ROOT, is_file_module

MOST_MARKS = 1000
"""Characters that may open a level, in a text that libyaml reads: it is ten times as fast as Python's, and crashes on depth."""
LONGEST = 1 << 20
"""Characters of a YAML file."""
MERGE = "<<"
"""A key that takes in another mapping, and may stand more than once."""
MOST_VALUES = 100_000
"""Values in a YAML file, those behind its aliases counted each time: nine lines of aliases can stand for a thousand million."""


def shipped(folder: str) -> Path:
    """A shipped folder, such as "configs/generators" or "results/published"."""
    # `configs` and `results` stand beside this package, in a checkout as in an installed wheel.
    return ROOT / folder


def shipped_names(folder: str) -> list[str]:
    """The names of the YAML files in a shipped folder, sorted."""
    return sorted(path.stem for path in shipped(folder).glob("*.yaml"))


def is_yaml(name: str | Path) -> bool:
    """Whether a name is that of a YAML file, rather than of something that ships with the project."""
    return str(name).lower().endswith((".yaml", ".yml"))


class RepeatedKeyError(ValueError):
    """A key that stands twice in a mapping."""


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file's mapping; raises UserError in one sentence where it is missing, broken or something else."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"the file '{path}' does not exist; check the path.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the file '{path}' cannot be read as text ({type(error).__name__}); check the path.") from None
    if len(text) > LONGEST:
        raise UserError(f"the file '{path}' has {len(text):,} characters, more than {LONGEST:,}; shorten it.")
    try:
        values = parse_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        position = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise UserError(f"the file '{path}' is not valid YAML{position}; correct it there.") from None
    except RepeatedKeyError as error:
        raise UserError(f"in the file '{path}' {error}; remove one of them.") from None
    except ValueError as error:
        raise UserError(f"the file '{path}' holds a value that cannot be read ({error}); correct it.") from None
    if not isinstance(values, dict):
        raise UserError(f"the file '{path}' must hold a mapping of keys to values, not {type(values).__name__}.")
    return values


def parse_yaml(text: str) -> Any:
    """The plain values of a YAML text; raises YAMLError, or ValueError for values that no program could work with."""
    try:
        values = _parsed(text)
        _count(values, {})
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return values


def _parsed(text: str) -> Any:
    """Values by libyaml's safe loader where it is there and the text cannot be deep, else by Python's, which refuses depth."""
    deep = not yaml.__with_libyaml__ or sum(text.count(mark) for mark in "[{-?") > MOST_MARKS
    make: Any = _SlowLoader if deep else _FastLoader
    loader = make(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


class _KeysOnce(SafeConstructor):
    """A constructor that refuses a mapping with a key that stands twice, of which YAML's own takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        known: set[object] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and key.value != MERGE:
                if (key.tag, key.value) in known:
                    raise RepeatedKeyError(
                        f"the key '{key.value}' stands twice, again at line {key.start_mark.line + 1}"
                    )
                known.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


class _SlowLoader(_KeysOnce, yaml.SafeLoader):
    """Python's loader, which refuses depth."""


class _FastLoader(_KeysOnce, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """libyaml's loader."""


def _count(value: object, known: dict[int, int | None]) -> int:
    """The values inside `value`, those behind an alias counted each time; raises ValueError for too many, and for a circle."""
    if isinstance(value, str):
        if "\0" in value or (not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value)):
            raise ValueError("a text holds a character that no file or screen takes")
        return 1
    if not isinstance(value, dict | list | tuple | set):
        return 1
    if id(value) not in known:
        known[id(value)] = None
        inside = (*value.keys(), *value.values()) if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_count(part, known) for part in inside)
    found = known[id(value)]
    if found is None:
        raise ValueError("an alias stands for what it is part of")
    if found > MOST_VALUES:
        raise ValueError(f"its aliases stand for more than {MOST_VALUES:,} values")
    return found


def beside(file: Path, name: str) -> str:
    """A path that a YAML file names, relative to that file; a name without a suffix and `module:Class` stay as they are."""
    is_path = is_file_module(name.rpartition(":")[0]) if ":" in name else bool(Path(name).suffix)
    return str(file.parent / name) if is_path else name
