"""Data sets that are drawn rather than recorded: any number of independent draws from one recipe."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.data import hopper
from benchmark.data.locate import RECIPE_VERSIONS, installed_mujoco
from benchmark.data.spec import Recipe
from benchmark.files import read_json, replacing, sha256, write_json

SINE_FEATURES = 5
SINE_NAMES = tuple(f"sine_{index}" for index in range(1, SINE_FEATURES + 1))


def feature_names(recipe: Recipe) -> tuple[str, ...]:
    """The names of the features that a recipe draws."""
    return SINE_NAMES if recipe.process == "sines" else hopper.NAMES


def draw(recipe: Recipe, length: int, *, number: int = 0, cache_dir: Path | None = None) -> NDArray[np.float32]:
    """Draw `number` (0 the standard one) of a recipe: raw values (N, T=length, D).

    Draws differ by their seed, which is the recipe's plus `number`. A hopper is kept in `cache_dir` where one is given,
    under a name that holds all that determines it. Raises SkipCell where MuJoCo is needed and not installed.
    """
    seed = recipe.seed + number
    if recipe.process == "sines":
        return sines(recipe.sequences, length, seed)
    if cache_dir is None:
        return hopper.simulate(recipe.sequences, length, seed)
    version = f"v{RECIPE_VERSIONS[recipe.process]}-mujoco{installed_mujoco()}"
    path = cache_dir / f"hopper-{recipe.sequences}x{length}-seed{seed}-{version}.npy"
    found = _read_cached(path, (recipe.sequences, length, len(hopper.NAMES)))
    if found is not None:
        return found
    frames = hopper.simulate(recipe.sequences, length, seed)
    _write_cached(path, frames)
    return frames


def sines(sequences: int, length: int, seed: int) -> NDArray[np.float32]:
    """Sine waves (N, T=length, D=5) in [0, 1]: (sin(frequency * j + phase) + 1) / 2 at step j, both U(0, 0.1).

    Source: TimeGAN (Yoon et al. 2019), section 5.1; one frequency and one phase for every sequence and feature.
    """
    waves = np.random.RandomState(seed).uniform(0, 0.1, size=(sequences, SINE_FEATURES, 2))
    frequency, phase = waves[:, None, :, 0], waves[:, None, :, 1]
    steps = np.arange(length)[None, :, None]
    return ((np.sin(frequency * steps + phase) + 1) / 2).astype(np.float32)


def _read_cached(path: Path, shape: tuple[int, int, int]) -> NDArray[np.float32] | None:
    """The array in the cache; None where there is none, or where it is not as it was written."""
    if _kept_sha256(path) is None or _is_altered(path):
        return None
    try:
        frames = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    return frames if isinstance(frames, np.ndarray) and frames.shape == shape and frames.dtype == np.float32 else None


def _write_cached(path: Path, frames: NDArray[np.float32]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part, part.open("wb") as file:
        np.save(file, frames, allow_pickle=False)
    write_json(_record_of(path), {"sha256": sha256(path)})


def _record_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def altered_caches(folder: Path) -> list[Path]:
    """The arrays in a cache that are not as their records say."""
    return [path for path in sorted(folder.glob("*.npy")) if _is_altered(path)]


def _kept_sha256(path: Path) -> str | None:
    kept = read_json(_record_of(path)).get("sha256")
    return None if kept is None else str(kept)


def _is_altered(path: Path) -> bool:
    kept = _kept_sha256(path)
    return kept is not None and path.is_file() and sha256(path) != kept
