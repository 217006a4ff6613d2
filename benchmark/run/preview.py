"""The preview of a run: missing stages by cell, with an estimate of their time."""

from __future__ import annotations

from typing import Any

from benchmark.plan.planner import Plan
from benchmark.run.outcome import settled
from benchmark.run.progress import cell_name
from benchmark.run.runner import Options
from benchmark.store.history import History, duration
from benchmark.store.records import State
from benchmark.store.status import all_stages
from benchmark.store.store import Store


def preview(plan: Plan, store: Store, chosen: Options) -> dict[str, Any]:
    """What a run would do: each cell with its missing stages, and seconds from history."""
    history = History(store, force=chosen.force)
    cells = []
    for cell in plan.cells:
        known_state = store.state(cell, plan.score_names)
        stages = all_stages(plan.score_names) if chosen.force else known_state.missing
        outcome = settled(cell, known_state, stages, retry=chosen.retry_failed or chosen.force)
        seconds = history.cell_seconds(cell, stages) if outcome is None else 0.0
        cells.append(
            {
                "cell": cell.slug,
                "name": cell_name(cell),
                "state": outcome.state.value if outcome else State.MISSING.value,
                "reason": outcome.reason if outcome else "",
                "missing": list(stages),
                "seconds": None if seconds is None else round(seconds, 1),
            }
        )
    known = [float(str(cell["seconds"])) for cell in cells if cell["seconds"] is not None]
    return {
        "cells": cells,
        "workers": chosen.workers,
        "device": chosen.device,
        # A cell is one worker's, however many there are.
        "seconds": round(max(sum(known) / chosen.workers, max(known, default=0.0)), 1),
        "unknown": len(cells) - len(known),
    }


def preview_text(found: dict[str, Any]) -> str:
    """A preview as lines."""
    lines = []
    for cell in found["cells"]:
        todo = cell["reason"] or ", ".join(cell["missing"]) or "nothing to compute"
        about = ", time not known" if cell["seconds"] is None else _about(cell["seconds"])
        lines.append(f"{cell['name']}: {cell['state']} ({todo}){about}")
    missing = sum(cell["state"] == "missing" for cell in found["cells"])
    lines.append(
        f"{missing} of {len(found['cells'])} cells to compute with {found['workers']} workers on {found['device']}"
        + _about(found["seconds"])
        + (f", and {found['unknown']} whose time is not known" if found["unknown"] else "")
    )
    return "\n".join(lines)


def _about(seconds: float) -> str:
    return f", about {duration(seconds)}" if seconds else ""
