"""Where a data set's file is, and what identifies its content."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
from functools import lru_cache
from pathlib import Path

from benchmark.data.spec import DatasetSpec, Recipe
from benchmark.errors import SkipCell, UserError
from benchmark.files import sha256

ENVIRONMENT = "TIMEMAR_DATA_DIR"
RECIPE_VERSIONS = {"sines": 1, "hopper": 1}
"""Raise one when the same recipe would draw other numbers."""
MUJOCO_VERSION = "3.17.0"
"""The release of MuJoCo that the data set's numbers are known for."""


def download_folder(data_dir: Path | None) -> Path:
    """Where a download goes: the folder asked for, else TIMEMAR_DATA_DIR, else the user's cache."""
    return _folders(data_dir)[0]


def locate(spec: DatasetSpec, data_dir: Path | None) -> Path:
    """The data set's file in the first data folder that has it; a user's own file is where its YAML says.

    Raises SkipCell where a shipped set's file is missing; UserError where a user's own file is missing, where the path
    is a folder, or for a generated set.
    """
    if spec.file is None:
        raise UserError(f"the data set '{spec.id}' is generated and has no file; leave it out of this command.")
    if spec.folder is not None:
        path = Path(spec.folder) / spec.file
        if not path.exists():
            raise UserError(f"the data file '{path}' does not exist; check the path.")
        return _not_a_folder(path)
    if data_dir is not None and not data_dir.is_dir():
        raise UserError(f"the data folder '{data_dir}' does not exist; correct --data-dir or leave it out.")
    for folder in _folders(data_dir):
        if (folder / spec.file).exists():
            return _not_a_folder(folder / spec.file)
    raise SkipCell(
        f"the file {spec.file} of the data set '{spec.id}' is not here; get it with "
        f"`python -m benchmark data fetch {spec.id}`, or name the folder that has it with --data-dir or {ENVIRONMENT}."
    )


def fingerprint(spec: DatasetSpec, data_dir: Path | None) -> str:
    """The SHA-256 that identifies the data's content: of the file, or of the recipe with its seed and versions.

    Raises SkipCell where a shipped file or MuJoCo is missing; UserError where a user's own file is missing or where the
    file is not the one that the checksum describes.
    """
    if spec.recipe is not None:
        if spec.recipe.process == "hopper":
            return _recipe_digest(spec.recipe, installed_mujoco())
        return _recipe_digest(spec.recipe, None)
    path = locate(spec, data_dir)
    found = file_sha256(path)
    if spec.sha256 is not None and found != spec.sha256:
        remedy = (
            "correct 'sha256' in its YAML file if the change is meant"
            if spec.folder is not None or spec.url is None
            else f"get the right one with `python -m benchmark data fetch {spec.id}`"
        )
        raise UserError(f"'{path}' has the SHA-256 {found}, but the data set '{spec.id}' has {spec.sha256}; {remedy}.")
    return found


def expected_fingerprint(spec: DatasetSpec) -> str:
    """What `fingerprint` gives once the file or MuJoCo is there; "absent" for a file without a known checksum."""
    if spec.recipe is not None:
        return _recipe_digest(spec.recipe, MUJOCO_VERSION if spec.recipe.process == "hopper" else None)
    return spec.sha256 or "absent"


def installed_mujoco() -> str:
    """The version of MuJoCo; raises SkipCell where it is not installed."""
    try:
        return importlib.metadata.version("mujoco")
    except importlib.metadata.PackageNotFoundError:
        raise SkipCell(
            "the data set 'mujoco' is simulated by MuJoCo, which is not installed; "
            '`pip install "timemar-benchmark[mujoco]"`.'
        ) from None


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, read again only when its size or time of change is new; raises UserError."""
    try:
        stat = path.stat()
        return _sha256_of(str(path.resolve()), stat.st_size, stat.st_mtime_ns)
    except OSError as error:
        raise UserError(f"the data file '{path}' cannot be read ({error.strerror}); check its permissions.") from None


@lru_cache(maxsize=64)
def _sha256_of(path: str, size: int, mtime_ns: int) -> str:
    del size, mtime_ns  # they are part of the cache's key
    return sha256(Path(path))


def _recipe_digest(recipe: Recipe, engine: str | None) -> str:
    stat = {**recipe.model_dump(), "version": RECIPE_VERSIONS[recipe.process], "engine": engine}
    return hashlib.sha256(json.dumps(stat, sort_keys=True).encode()).hexdigest()


def _folders(data_dir: Path | None) -> list[Path]:
    named = [data_dir] if data_dir is not None else []
    set_by_user = os.environ.get(ENVIRONMENT)
    if set_by_user:
        named.append(Path(set_by_user))
    return [*named, user_cache()]


def user_cache() -> Path:
    """The user's cache folder for data."""
    import platformdirs

    return platformdirs.user_cache_path("timemar-benchmark")


def _not_a_folder(path: Path) -> Path:
    if path.is_dir():
        raise UserError(f"'{path}' is a folder, but a data file is needed; correct the path.")
    return path
