"""The results frame of a whole store, without a suite that says which scores its cells were meant to get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmark.plan.score_name import ScoreName
from benchmark.report.frame import COLUMNS, cell_columns, score_rows
from benchmark.report.store_status import recorded_cell
from benchmark.store.records import Ending, State
from benchmark.store.status import METRIC_STAGE, all_scores
from benchmark.store.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from benchmark.store.cell_folder import CellFolder


def store_frame(store: Store) -> pd.DataFrame:
    """Every intact score of every cell with a readable record: one row a repetition, as in `results_frame`.

    A score without a result has one row with its status and reason, and so has a cell that ended before its scores.

    Raises:
        UserError: There is no such store.
    """
    import pandas as pd

    rows = [row for folder in store.opened().folders() for row in _rows(folder)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(folder: CellFolder) -> list[dict[str, Any]]:
    cell, provenance, status = recorded_cell(folder), folder.provenance(), folder.status()
    if cell is None:
        return []
    base = {**cell_columns(cell, provenance, folder.measurements()), "cell": folder.path.name}
    rows: list[dict[str, Any]] = []
    for name, record in all_scores(folder, provenance).items():
        score = ScoreName.parse(name)
        named = {**base, "sampling_seed": score.sampling_seed, "metric": score.base}
        rows += score_rows(named, record, str(State.DONE))
    failures = dict(status.endings)
    if status.state is not State.DONE:
        failures.setdefault(status.stage, Ending(state=status.state, reason=status.reason))
    for stage, ending in failures.items():
        named = {**base, "metric": ""}
        if stage.startswith(METRIC_STAGE):
            score = ScoreName.parse(stage.removeprefix(METRIC_STAGE))
            named |= {"sampling_seed": score.sampling_seed, "metric": score.base}
        rows.append({**named, "status": str(ending.state), "reason": ending.reason})
    return rows
