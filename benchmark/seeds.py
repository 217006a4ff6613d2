"""Seeds derived from the names of what they are for, so that equal work draws equal numbers everywhere."""

from __future__ import annotations

import hashlib


def derive_seed(*names: object) -> int:
    """A seed in [0, 2**31) from a path of names, such as ("metric", "context_fid", "stocks", 24, 0)."""
    text = "\x1f".join(str(name) for name in names)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
