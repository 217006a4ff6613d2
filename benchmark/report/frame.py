"""The results frame: one tidy row for each cell, score and repetition, and for each failure. Every renderer reads it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmark.plan.cell import Cell
from benchmark.plan.score_name import ScoreName
from benchmark.report.fit_notes import LIKELIHOODS
from benchmark.store.records import Provenance, ScoreRecord
from benchmark.store.store import Store

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "cell", "generator", "title", "altered", "size_class", "dataset", "length", "protocol", "budget", "seed",
    "sampling_seed", "metric", "repetition", "value", "floor", "n", "status", "reason",
    "parameters", "fit_seconds", "sample_seconds", "peak_memory_mib", "device", "commit", "dirty", "data_sha256",
    "warnings", *LIKELIHOODS,
)  # fmt: skip


def results_frame(cells: Sequence[Cell], scores: tuple[str, ...], store: Store) -> pd.DataFrame:
    """The rows of `cells` as the store has them, `scores` with those of further draws of samples (`Plan.score_names`).

    `generator` is the row's name in a table: with the variant where a suite sets several. A finished score gives one row a
    repetition (`repetition` from 0, `value`); a missing one gives a single row with the status and reason and without a value,
    so that every failure stays visible.
    """
    import pandas as pd

    rows = [row for cell in cells for row in _rows(cell, scores, store)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(cell: Cell, scores: tuple[str, ...], store: Store) -> list[dict[str, Any]]:
    state = store.state(cell, scores)
    base = cell_columns(cell, state.provenance, store.cell(cell).measurements())
    rows: list[dict[str, Any]] = []
    for name in scores:
        status, record, score = state.of_score(name), state.scores.get(name), ScoreName.parse(name)
        named = {**base, "sampling_seed": score.sampling_seed, "metric": score.base}
        if record is None:
            rows.append({**named, "status": str(status.state), "reason": status.reason})
            continue
        rows += score_rows(named, record, str(status.state))
    return rows


def score_rows(named: Mapping[str, Any], record: ScoreRecord, status: str) -> list[dict[str, Any]]:
    """One row a repetition of a finished score; `named` are the columns of its cell and metric."""
    n = min(record.n_real, record.n_fake)
    shared = {**named, "floor": record.floor, "n": n, "status": status, "reason": ""}
    return [{**shared, "repetition": repetition, "value": value} for repetition, value in enumerate(record.repetitions)]


def cell_columns(cell: Cell, provenance: Provenance, measurements: Mapping[str, float]) -> dict[str, Any]:
    """The columns that all rows of a cell share; `measurements` are those of its fit."""
    fit, sample = provenance.stage("fit"), provenance.stage("sample")
    memory = [stage.peak_memory_mib for stage in (fit, sample) if stage.peak_memory_mib is not None]
    return {
        "cell": cell.slug,
        "generator": cell.method,
        "title": cell.title,
        "altered": cell.altered,
        "size_class": cell.size_class,
        "dataset": cell.dataset.id,
        "length": cell.length,
        "protocol": cell.protocol,
        "budget": cell.budget.name,
        "seed": cell.seed,
        "parameters": fit.parameters,
        "fit_seconds": fit.wall_seconds if "fit" in provenance.stages else None,
        "sample_seconds": sample.seconds_sampling_only,
        "peak_memory_mib": max(memory, default=None),
        "device": fit.machine.device,
        "commit": fit.commit,
        "dirty": fit.dirty,
        "data_sha256": cell.fingerprint,
        "warnings": " ".join(fit.warnings),
        **{name: measurements.get(name, math.nan) for name in LIKELIHOODS},
    }
