"""What a store holds, said where a suite has nothing to show."""

from __future__ import annotations

from collections import Counter

from benchmark.errors import UserError
from benchmark.plan.planner import Plan
from benchmark.store.records import State
from benchmark.store.store import Store


def require_results(plan: Plan, store: Store) -> None:
    """Refuse to show a suite of which the store has not tried a single cell; raises UserError that says what the store has."""
    store.opened()
    if any(store.cell(cell).status().state is not State.MISSING for cell in plan.cells):
        return
    wanted = f"suite '{plan.title}' at budget {plan.suite.budget}, protocol {plan.suite.protocol}"
    raise UserError(
        f"the store '{store.root}' holds nothing of {wanted}; it holds {_contents(store)}. Choose among these with --budget, "
        "--protocol and --only, or run the suite first."
    )


def _contents(store: Store) -> str:
    """The cells of a store by data set, protocol and budget, in a few words."""
    records = (folder.record() for folder in store.folders())
    counts = Counter(record.setting for record in records if record is not None)
    parts = [
        f"{count} cell{'s' if count > 1 else ''} of {dataset} {length} at budget {budget}, protocol {protocol}"
        for (dataset, length, protocol, budget), count in counts.items()
    ]
    return "; ".join(parts) or "no cell"
