"""Values of a caller as the harness takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmark.errors import UserError


def plain(value: Any) -> Any:
    """A value with NumPy's numbers and arrays as Python's, at any depth; anything else stays as it is."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(plain, value)) if type(value) in (list, tuple) else value
    return value


def whole(name: str, value: Any) -> int:
    """A whole number, NumPy's too; raises UserError, which calls it `name`, for anything else."""
    number = plain(value)
    if not isinstance(number, int) or isinstance(number, bool):
        raise UserError(f"{name} is {value!r}; give a whole number.")
    return number
