"""Data sets by name: the shipped ones, a YAML file of a user's, or a bare data file."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmark.config.files import is_yaml, read_yaml, shipped, shipped_names
from benchmark.config.registry import Registry
from benchmark.data.spec import ROW_SUFFIXES, WINDOW_SUFFIXES, DatasetSpec
from benchmark.errors import UserError
from benchmark.validation import parse

FOLDER = "configs/datasets"
BARE_SUFFIXES = (".csv", ".parquet", *WINDOW_SUFFIXES)
"""Files that need no YAML: a MATLAB file does, because its array must be named."""


def _read(name: str) -> DatasetSpec:
    return parse(DatasetSpec, _shipped_values(name), owner=f"data set '{name}'")


DATASETS = Registry("data set", partial(shipped_names, FOLDER), _read, line=lambda spec: spec.summary)
"""The shipped data sets, by id."""


def load_spec(name_or_path: str) -> DatasetSpec:
    """A data set by shipped id, by YAML path or by data file; raises UserError, with the nearest id where none fits.

    A user's YAML may name a shipped set under `extends` and state only what differs. Its `file` is relative to the
    YAML.
    """
    path = Path(name_or_path)
    if is_yaml(path) or path.suffix.lower() in ROW_SUFFIXES + WINDOW_SUFFIXES:
        return own_spec(path)
    return DATASETS.load(name_or_path)


def own_spec(path: Path, options: Mapping[str, Any] = MappingProxyType({})) -> DatasetSpec:
    """A user's YAML or data file with further keys of a data set; raises UserError.

    Columns under `drop` and `one_hot` come beside those of the YAML, and every other option takes the place of its key. Another
    choice of options is another data set, with an id of its own.
    """
    if options and str(path) in DATASETS:
        raise UserError(
            f"'{path}' is a shipped data set, which takes no options; write a YAML file with `extends: {path}`."
        )
    spec = _own_spec(path) if is_yaml(path) else spec_from_csv(path)
    if not options:
        return spec
    if spec.id in DATASETS:
        raise UserError(
            f"'{path}' is a shipped data set, which takes no options; write a YAML file with `extends: {spec.id}`."
        )
    changed = {
        name: (*getattr(spec, name), *value)
        if name in ("drop", "one_hot") and isinstance(value, list | tuple)
        else value
        for name, value in options.items()
    }
    told = json.dumps(changed, sort_keys=True, default=str).encode()
    changed["id"] = f"{spec.id[:57]}-{hashlib.sha256(told).hexdigest()[:6]}"
    return parse(DatasetSpec, {**spec.model_dump(exclude_unset=True), **changed}, owner=f"data file '{path}'")


def spec_from_csv(path: Path) -> DatasetSpec:
    """A bare data file (.csv, .parquet, .npy, .npz), all columns used; raises UserError for any other kind of file."""
    if path.is_dir():
        raise UserError(f"'{path}' is a folder; name the data file in it.")
    if path.suffix.lower() not in BARE_SUFFIXES:
        hint = "describe it in a YAML file that names its array" if path.suffix.lower() == ".mat" else "convert it"
        raise UserError(f"'{path}' does not end in {', '.join(BARE_SUFFIXES)}; {hint}.")
    values = {"id": _own_id(path), "title": path.stem, "file": path.name, "folder": _folder_of(path)}
    return parse(DatasetSpec, {**values, "summary": f"the file {path.name}"}, owner=f"data file '{path}'")


def _shipped_values(name: str) -> dict[str, Any]:
    return {"id": name, **read_yaml(shipped(FOLDER) / f"{name}.yaml")}


def _own_spec(path: Path) -> DatasetSpec:
    if path.resolve().parent == shipped(FOLDER).resolve() and path.stem in DATASETS:
        return load_spec(path.stem)
    values = read_yaml(path)
    owner = f"data set file '{path}'"
    base = values.get("extends")
    inherited: dict[str, Any] = {}
    if base is not None:
        DATASETS.load(str(base), owner=f"'extends' of '{path}'")
        inherited = {**_shipped_values(base), "id": _own_id(path)}
    if "file" in values:
        # Another file is not the one that the shipped checksum, address and counts describe.
        for key in ("recipe", "url", "sha256", "rows", "features", "published_rows"):
            inherited.pop(key, None)
        if "url" not in values:
            # A file with an address is downloaded to, and looked for in, the data folders like the shipped ones.
            values.setdefault("folder", _folder_of(path))
    spec = parse(DatasetSpec, {"id": _own_id(path), "title": path.stem, **inherited, **values}, owner=owner)
    if spec.id in DATASETS:
        raise UserError(f"{owner}: the id '{spec.id}' belongs to a shipped data set; choose another.")
    return spec


def _folder_of(path: Path) -> str:
    return str(path.resolve().parent)


def _own_id(path: Path) -> str:
    """An id from a file's stem that is no shipped id, so that no published number stands beside other data."""
    slug = re.sub(r"[^a-z0-9_-]+", "_", path.stem.lower()).strip("_-")[:56] or "data"
    return f"own_{slug}" if slug in DATASETS else slug
