"""Two stores with made scores of the same cells, for the tests of `compare`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.cli.printing import as_text
from benchmark.compare.command import compare
from benchmark.config.suites import SuiteSpec
from benchmark.plan.cell import Cell
from benchmark.store.store import Store
from tests.benchmark.store.score_records import score_record

SUITE = SuiteSpec(name="x", datasets=("sines",), generators=("jitter", "gaussian"), budget="quick", seeds=3)
Repetitions = Mapping[str, tuple[float, ...]]


def put(store: Store, cell: Cell, scores: Repetitions, **changes: Any) -> Path:
    """A cell with scores; the mean is that of the repetitions, the floor 0 unless `changes` say otherwise."""
    folder = store.cell(cell)
    folder.path.mkdir(exist_ok=True)
    folder.write_record(cell)
    for name, values in scores.items():
        record = score_record(float(np.mean(values)), *values)
        folder.write_score(name, record.model_copy(update={"floor": 0.0, **changes}))
    return folder.path


def text_of(a: Store, b: Store) -> str:
    return "\n".join(map(as_text, compare(a, b).content))


def compared(stores: tuple[Store, Store]) -> dict[str, Any]:
    return json.loads(json.dumps(compare(*stores).record, allow_nan=False))
