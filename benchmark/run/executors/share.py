"""Equal shares of an accelerator for cells that use it at the same time."""

from __future__ import annotations

from fractions import Fraction


def share(need_mib: float, total_mib: float, most: int) -> Fraction:
    """The share 1/m of an accelerator with `total_mib`, and of its memory, for a cell that needs `need_mib`; 1 ≤ m ≤ `most`."""
    return Fraction(1, max(1, min(most, int(total_mib // need_mib))))
