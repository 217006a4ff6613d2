"""Results frames and pages of made-up generators, as the tests and the speed script need them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from benchmark.html_report.content import Content, of_frame
from benchmark.report.frame import COLUMNS

HOSTILE = "<script>alert('x')</script>\"&{{ 7*7 }}"
"""A name that must stand in a page as it reads."""


def rows(generator: str, values: Sequence[float], **changes: Any) -> list[dict[str, Any]]:
    """The rows of one score of a cell, a value a repetition; a NaN is a score that is not there."""
    base = {
        "generator": generator, "title": generator.title(), "altered": "", "size_class": "small", "dataset": "stocks",
        "length": 24, "protocol": "paper", "budget": "fast", "seed": 0, "sampling_seed": 0, "metric": "context_fid",
        "n": 3662, "status": "done", "reason": "", "fit_seconds": 10.0, "sample_seconds": 1.0, "parameters": 1000,
    }  # fmt: skip
    one = {**base, **changes}
    one.setdefault(
        "cell", f"{one['dataset']}-{one['length']}-{generator}-{one['protocol']}-{one['budget']}-s{one['seed']}"
    )
    return [{**one, "repetition": index, "value": value} for index, value in enumerate(values)]


def frame(*parts: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows as a results frame."""
    return pd.DataFrame([row for part in parts for row in part], columns=list(COLUMNS))


def mixed() -> pd.DataFrame:
    """Two settings, three generators, two controls, one failure, a published value, a hostile name and a hostile reason."""
    parts = []
    for dataset in ("stocks", "sines"):
        here: dict[str, Any] = {"dataset": dataset}
        control = {**here, "size_class": "control"}
        parts += [
            rows("timemar_s", [0.010, 0.011, 0.012], **here, fit_seconds=100.0, sample_seconds=2.0),
            rows("timemar_s", [1.02], **here, metric="dcr_ratio"),
            rows("hostile", [0.5, 0.51, 0.52], **here, title=HOSTILE, fit_seconds=300.0, sample_seconds=3.0),
            rows("hostile", [1.2], **here, title=HOSTILE, metric="dcr_ratio"),
            rows("timevae", [0.20, 0.21, 0.22], **here, fit_seconds=50.0, sample_seconds=0.5),
            rows("timevae", [1.4], **here, metric="dcr_ratio"),
            rows("oracle", [0.004, 0.004, 0.005], **control),
            rows("oracle", [1.0], **control, metric="dcr_ratio"),
            rows("copy", [0.001, 0.001, 0.001], **control),
            rows("copy", [0.0], **control, metric="dcr_ratio"),
        ]
    reason = "ValueError: 50 % of <b>it</b> is & stays NaN"
    broken = {"status": "diverged", "reason": reason, "n": None, "fit_seconds": None, "sample_seconds": None}
    parts += [rows("cotgan", [float("nan")], metric=name, **broken) for name in ("context_fid", "dcr_ratio")]
    return frame(*parts)


@cache
def mixed_content() -> Content:
    """The content of `mixed`, made once."""
    return of_frame(mixed(), HOSTILE)


def many(generators: int, datasets: int, repetitions: int = 5) -> pd.DataFrame:
    """A cell for each of so many generators and data sets, with four scores."""
    rng = np.random.default_rng(0)
    parts = []
    for number in range(generators):
        who = {"generator": f"generator_{number}", "title": f"Generator {number}"}
        for place in range(datasets):
            where = {
                "dataset": f"data_{place}",
                "fit_seconds": float(rng.uniform(50, 900)),
                "parameters": 100_000 + number,
            }
            where |= {
                "sample_seconds": float(rng.uniform(0.1, 500)),
                "device": "cpu",
                "commit": "0" * 40,
                "dirty": False,
            }
            for metric in ("discriminative", "predictive", "context_fid", "dcr_ratio"):
                values = rng.lognormal(-3 + number / 8, 0.2, repetitions)
                parts.append(
                    rows(**{**who, **where, "metric": metric, "data_sha256": "f" * 64, "values": values.tolist()})
                )
    return frame(*parts)
