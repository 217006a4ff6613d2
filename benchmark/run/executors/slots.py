"""Equal shares of an accelerator for cells that use it at the same time."""

from __future__ import annotations

from fractions import Fraction


def slots(need_mib: float, total_mib: float, most: int) -> int:
    """Cells of equal need that share an accelerator of `total_mib`: at least 1, at most `most`."""
    return max(1, min(most, int(total_mib // need_mib)))


def share(need_mib: float, total_mib: float, most: int) -> Fraction:
    """The share 1/m of an accelerator, and of its memory, for a cell that needs `need_mib` of `total_mib`."""
    return Fraction(1, slots(need_mib, total_mib, most))
