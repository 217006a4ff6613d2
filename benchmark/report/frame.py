"""The results frame: one tidy row for each cell, score and repetition, and for each failure. Every renderer reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmark.plan.cell import Cell
from benchmark.plan.sampling_time import SAMPLING_TIME, TIMING
from benchmark.run.events import DONE
from benchmark.run.stages import pending
from benchmark.store.store import Store

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "cell", "generator", "title", "altered", "size_class", "dataset", "length", "protocol", "budget", "seed",
    "metric", "repetition", "value", "floor", "n", "status", "reason",
    "parameters", "fit_seconds", "sample_seconds", "peak_memory_mib", "device", "commit", "dirty", "data_sha256",
)  # fmt: skip


def results_frame(
    cells: Sequence[Cell], scores: tuple[str, ...], store: Store, skips: Mapping[str, str]
) -> pd.DataFrame:
    """The rows of `cells` as the store has them; `skips` gives reasons by cell key for cells that cannot run here.

    `generator` is the row's name in a table: with the variant where a suite sets several. A finished score gives one row a
    repetition (`repetition` from 0, `value`); one that is missing gives a single row with no value and the cell's status and
    reason, so that a failure is never a hole.
    """
    import pandas as pd

    rows = [row for cell in cells for row in _rows(cell, scores, store, skips.get(cell.key))]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(cell: Cell, scores: tuple[str, ...], store: Store, skip: str | None) -> list[dict[str, Any]]:
    folder = store.cell(cell)
    known, status, provenance = folder.scores(), folder.status(), folder.provenance()
    stages = provenance.get("stages", {})
    missing = pending(cell, scores, store)
    base = {
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
        "parameters": stages.get("fit", {}).get("parameters"),
        "fit_seconds": stages.get("fit", {}).get("wall_seconds"),
        "sample_seconds": stages.get("sample", {}).get("seconds_sampling_only"),
        "peak_memory_mib": max(
            (s["peak_memory_mib"] for n, s in stages.items() if n in ("fit", "sample")), default=None
        ),
        "device": stages.get("fit", {}).get("machine", {}).get("device"),
        "commit": stages.get("fit", {}).get("commit"),
        "dirty": stages.get("fit", {}).get("dirty"),
        "data_sha256": cell.fingerprint,
    }
    state, reason = (
        ("skipped", skip) if skip and missing else (status.get("state", "missing"), status.get("reason", ""))
    )
    altered = folder.altered_scores()
    if folder.has_results() and not cell.is_recorded_by(folder.record()):
        state, reason = (
            "altered",
            f"'{folder.path.name}/cell.json' is altered or of another cell; run the suite again to compute it",
        )
    rows: list[dict[str, Any]] = []
    for name in scores:
        if name in altered:
            told = "its record was altered after it was written, and is not used; run the suite again to compute it"
            rows.append({**base, "metric": name, "status": "altered", "reason": told})
            continue
        if f"score:{name}" in missing or "sample" in missing or (name == SAMPLING_TIME and TIMING in missing):
            lacking = state if state != DONE else "missing"
            rows.append({**base, "metric": name, "status": lacking, "reason": reason})
            continue
        if name == SAMPLING_TIME:
            facts = stages[TIMING]
            rows.append({**base, "metric": name, "repetition": 0, "value": facts["median_seconds"], "n": facts["windows"],
                         "status": DONE, "reason": ""})  # fmt: skip
            continue
        entry = known[name]
        rows += [
            {
                **base,
                "metric": name,
                "repetition": repetition,
                "value": value,
                "floor": entry["floor"],
                "n": min(entry["n_real"], entry["n_fake"]),
                "status": DONE,
                "reason": "",
            }
            for repetition, value in enumerate(entry["repetitions"])
        ]
    return rows
