"""Data for tests: the real files where a folder holds them, small files written on the spot, a few reference windows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from benchmark.data import DatasetSpec

# A busy machine is no failure.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

REFERENCE = Path(__file__).parents[2] / "fixtures" / "data" / "reference_windows.npz"


@pytest.fixture
def data_dir() -> Path:
    """The folder with the real data files."""
    folder = os.environ.get("TIMEMAR_DATA_DIR")
    if not folder:
        pytest.skip("TIMEMAR_DATA_DIR does not name a folder with the real data files")
    return Path(folder)


@pytest.fixture
def reference() -> dict[str, np.ndarray]:
    """Windows that other code made.

    They are from the evaluation code of Diffusion-TS (`stocks`, `etth`, with their indices under `stocks_at` and `etth_at`)
    and dm_control's own hopper (`hopper`, raw).
    """
    with np.load(REFERENCE) as file:
        return dict(file)


@pytest.fixture
def mujoco_installed() -> None:
    pytest.importorskip("mujoco", reason="the extra 'mujoco' is not installed")


@pytest.fixture
def no_data_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any data file; returns the user's cache."""
    cache = tmp_path / "cache"
    monkeypatch.delenv("TIMEMAR_DATA_DIR", raising=False)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: cache)
    return cache


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., DatasetSpec]:
    """Writes a user's file (text, bytes, an array or a dictionary of arrays) and describes it."""

    def make(content: object, name: str = "own.csv", **options: object) -> DatasetSpec:
        path = tmp_path / name
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8", newline="")
        elif isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, dict):
            np.savez(path, **content)
        elif content is not None:
            np.save(path, content)
        return DatasetSpec.model_validate({"id": "own", "file": name, "folder": str(tmp_path), **options})

    return make


def csv_text(values: np.ndarray, names: str = "abcdefgh") -> str:
    """Rows (T, D) as CSV text."""
    lines = [",".join(names[: values.shape[1]]), *(",".join(repr(float(x)) for x in row) for row in values)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def as_csv() -> Callable[..., str]:
    return csv_text
