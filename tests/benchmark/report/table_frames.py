"""Tables of made values, for the tests of tables and of their layouts."""

from __future__ import annotations

from typing import Any

import pandas as pd

from benchmark.report.frame import COLUMNS
from benchmark.report.table import Table, make_table


def rows(generator: str, dataset: str, values: list[float], **changes: Any) -> list[dict[str, Any]]:
    base = {
        "cell": f"{generator}-{dataset}", "generator": generator, "title": generator.title(), "size_class": "small",
        "dataset": dataset, "length": 24, "protocol": "paper", "budget": "fast", "seed": 0, "metric": "context_fid",
        "n": 3662, "status": "done", "reason": "", "altered": "", "sampling_seed": 0,
    }  # fmt: skip
    return [{**base, "repetition": i, "value": value, **changes} for i, value in enumerate(values)]


def table(*parts: list[dict[str, Any]]) -> Table:
    frame = pd.DataFrame([row for part in parts for row in part], columns=list(COLUMNS))
    return make_table(frame, title="A test", dataset_titles={"stocks": "Stocks", "sines": "Sines"})


def entry(made: Table, generator: str) -> Any:
    return next(row for row in made.blocks[0].rows if row.generator == generator).entries[0]
