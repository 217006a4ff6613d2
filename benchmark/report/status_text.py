"""How the cells of a store stand, as lines and as a table."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.report.store_status import CellStatus, totals
from benchmark.report.text_table import Line, Text, TextTable
from benchmark.store.history import duration
from benchmark.store.records import State


def status_table(heading: str, cells: Sequence[CellStatus]) -> TextTable:
    """A row a cell under its setting; as text the lines of `status_text`."""
    rows = tuple(Line((Text(cell.title), *map(Text, _told(cell))), (cell.setting,)) for cell in cells)
    header = ("generator", "state", "spent", "reason", "to compute", "left")
    return TextTable(
        heading, header, rows, ("setting",), _totals_text(cells), lines_of_text=status_text(heading, cells)
    )


def _told(cell: CellStatus) -> tuple[str, ...]:
    missing = cell.missing if cell.state is not State.SKIPPED else ()
    left = "not known" if cell.left is None else duration(cell.left)
    spent = duration(cell.seconds) if cell.seconds else ""
    return _state(cell), spent, cell.reason, ", ".join(missing), left if missing else ""


def status_text(heading: str, cells: Sequence[CellStatus]) -> str:
    """The cells by setting, a line each, and a line of totals."""
    lines, setting = [heading], ""
    wide = max((len(cell.title) for cell in cells), default=0)
    for cell in cells:
        if cell.setting != setting:
            setting = cell.setting
            lines += ["", setting]
        lines.append(f"  {cell.title:<{wide}}  {_sentence(cell)}")
    return "\n".join([*lines, "", _totals_text(cells)])


def _sentence(cell: CellStatus) -> str:
    parts = [_state(cell) + (f", {duration(cell.seconds)} spent" if cell.seconds else "")]
    parts += [cell.reason] if cell.reason else []
    if cell.missing and cell.state is not State.SKIPPED:
        about = "time not known" if cell.left is None else f"about {duration(cell.left)}"
        parts.append(f"to compute: {', '.join(cell.missing)} ({about})")
    return "; ".join(parts)


def _state(cell: CellStatus) -> str:
    if cell.state is State.RUNNING:
        return f"running: {cell.stage or 'starting'} for {duration(cell.running_seconds or 0.0)}"
    return str(cell.state) + (f" in {cell.stage}" if cell.stage and cell.state is not State.DONE else "")


def _totals_text(cells: Sequence[CellStatus]) -> str:
    found = totals(cells)
    counts = ", ".join(f"{found[name]} {name}" for name in ("done", "running", "failed", "skipped", "missing"))
    unknown = ""
    if found["unknown"]:
        unknown = f" and {found['unknown']} cell{'s' if found['unknown'] > 1 else ''} whose time is not known"
    return f"{counts}; {duration(found['seconds'])} spent, about {duration(found['left'])} of computing left{unknown}"
