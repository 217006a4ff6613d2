"""A results frame of four made generators."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmark.report.frame import COLUMNS

LEVELS = {"alpha": 0.1, "beta": 0.2, "gamma": 0.4, "delta": 0.45}


def make_frame(settings: int, repetitions: int = 5, budget: str = "fast", seeds: int = 1) -> pd.DataFrame:
    """A long frame of Context-FID in shuffled order, with an oracle whose floor is 0.01 and a copy."""
    rng = np.random.default_rng(settings)
    base = {"length": 24, "protocol": "paper", "budget": budget, "metric": "context_fid", "n": 100, "status": "done"}
    rows = []
    for dataset in range(settings):
        for seed in range(seeds):
            for repetition in range(repetitions):
                place = {**base, "dataset": f"set{dataset}", "seed": seed, "repetition": repetition}
                rows += [
                    {
                        **place,
                        "generator": name,
                        "title": name,
                        "size_class": "small",
                        "value": level * rng.uniform(0.5, 1.8),
                    }
                    for name, level in LEVELS.items()
                ]
                rows += [
                    {**place, "generator": name, "title": name, "size_class": "control", "value": value}
                    for name, value in (("oracle", 0.01), ("copy", 0.0))
                ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).sample(frac=1.0, random_state=1)
