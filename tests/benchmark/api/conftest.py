"""A small data set of one's own, in units far from [0, 1]."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.api import Dataset, load_dataset

LENGTH = 8


def plant(rows: int = 400) -> NDArray[np.float64]:
    """Rows (rows, 2): a pressure in pascal and a temperature in kelvin."""
    steps = np.arange(rows)
    noise = np.random.default_rng(0).normal(size=(rows, 2))
    return np.column_stack([101_325 + 400 * np.sin(steps / 9), 290 + 5 * np.cos(steps / 7)]) + noise


@pytest.fixture(scope="session")
def plant_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plant") / "plant.csv"
    np.savetxt(path, plant(), delimiter=",", header="pressure,temperature", comments="")
    return path


@pytest.fixture(scope="session")
def dataset(plant_csv: Path) -> Dataset:
    return load_dataset(plant_csv, length=LENGTH)
