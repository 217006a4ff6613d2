"""How a cell of a test's store stands."""

from __future__ import annotations

from benchmark.plan.cell import Cell
from benchmark.store.store import Store


def missing(store: Store, cell: Cell, scores: tuple[str, ...]) -> list[str]:
    """The stages still to compute."""
    return list(store.state(cell, scores).missing)


def problems(store: Store, cell: Cell) -> list[str]:
    """What was altered."""
    return list(store.state(cell, (), verify=True).problems)
