"""Three files as people have them, made from one seed: a river, machines with a category, 200 rows of two features.

`python -m tests.data_files FOLDER` writes them.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

SEED = 16


def river(folder: Path) -> Path:
    """Daily flow, level and temperature of two years and a half: dates as 31/01/2022, unsorted, with gaps and missing cells."""
    random = np.random.default_rng(SEED)
    days, first = 900, date(2022, 1, 1)
    season = np.sin(2 * np.pi * np.arange(days) / 365)
    flow = np.exp(2.5 + 0.6 * season + _walk(random, days, 0.9, 0.25))
    level = 0.4 + 0.25 * np.log(flow) + random.normal(0, 0.01, days)
    warmth = 11 - 7 * season + _walk(random, days, 0.8, 0.8)
    values = np.column_stack([flow, level, warmth])
    cells = [[f"{value:.3f}" for value in row] for row in values]
    for row, column, length in ((40, 0, 1), (41, 2, 3), (200, 1, 4), (333, 0, 9), (610, 2, 2)):
        for day in range(row, row + length):
            cells[day][column] = "NA" if column == 2 else ""
    absent = {*range(120, 127), *range(500, 531)}
    rows = [[(first + timedelta(day)).strftime("%d/%m/%Y"), *cells[day]] for day in range(days) if day not in absent]
    order = random.permutation(len(rows))
    return _write(folder / "river.csv", ["date", "flow_m3s", "level_m", "temperature_c"], [rows[i] for i in order])


def machines(folder: Path) -> Path:
    """Ten-minute values of three machines in one file, with what each was doing and a comment."""
    random = np.random.default_rng(SEED + 1)
    start, steps = datetime(2024, 3, 1, 6), 240
    rows = []
    for machine, level in (("press-1", 60.0), ("press-2", 63.0), ("mill", 48.0)):
        speed = _walk(random, steps, 0.9, 0.4)
        for step in range(steps):
            state = ("idle", "run", "run", "clean")[(step // 30) % 4]
            load = {"idle": 0.1, "run": 1.0, "clean": 0.4}[state]
            heat = level + 8 * load + 2 * speed[step] + random.normal(0, 0.3)
            power = 4 + 20 * load + speed[step] + random.normal(0, 0.2)
            moment = (start + timedelta(minutes=10 * step)).strftime("%Y-%m-%d %H:%M")
            comment = "checked, ok" if step % 97 == 0 else ""
            rows.append([moment, machine, state, f"{heat:.2f}", f"{power:.2f}", comment])
    return _write(folder / "machines.csv", ["when", "machine", "state", "temperature", "power", "comment"], rows)


def short(folder: Path) -> Path:
    """200 rows of two features without a time."""
    random = np.random.default_rng(SEED + 2)
    wave = np.sin(np.arange(200) / 5)
    values = np.column_stack([wave + random.normal(0, 0.1, 200), 100 * wave**2 + random.normal(0, 3, 200)])
    return _write(folder / "short.csv", ["angle", "energy"], [[f"{value:.4f}" for value in row] for row in values])


def _walk(random: np.random.Generator, steps: int, memory: float, noise: float) -> np.ndarray:
    """A first-order autoregressive sequence (steps,)."""
    values = np.zeros(steps)
    for step in range(1, steps):
        values[step] = memory * values[step - 1] + random.normal(0, noise)
    return values


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


if __name__ == "__main__":
    for make in (river, machines, short):
        make(Path(sys.argv[1]))
