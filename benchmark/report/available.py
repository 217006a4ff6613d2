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
    counts: Counter[str] = Counter()
    for folder in store.folders():
        record = folder.record()
        dataset, budget = record.get("dataset"), record.get("budget")
        if isinstance(dataset, dict) and isinstance(budget, dict):
            setting = f"{dataset.get('id')} {record.get('length')}"
            counts[f"{setting} at budget {budget.get('name')}, protocol {record.get('protocol')}"] += 1
    return "; ".join(f"{count} cell{'s' if count > 1 else ''} of {what}" for what, count in counts.items()) or "no cell"
