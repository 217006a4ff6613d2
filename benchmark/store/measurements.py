"""Numbers that a fit measured of its own generator, such as the likelihood of training windows, as the store keeps them."""

from __future__ import annotations

import json
import math
from pathlib import Path


def measurements_of(model: Path) -> dict[str, float]:
    """Finite numbers of `fit` in a model's folder, by name; none where there is no fitted generator or it records none."""
    try:
        fitted = json.loads((model / "generator.json").read_text())["fitted"]
        found = {**fitted, **(fitted.get("measurements") or {})}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {name: float(value) for name, value in found.items() if _is_number(value)}


def _is_number(value: object) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer that no float holds
        return False
