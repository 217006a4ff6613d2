"""Memory that the process frees and soon wants again."""

from __future__ import annotations

import torch

_LARGEST = 31 * 2**20
"""Bytes; just below the largest block (32 MiB) by which the C library lets itself be taught."""


def raise_malloc_threshold() -> None:
    """Raise the size from which the C library returns freed memory to the system, to 62 MiB.

    Otherwise every large activation is mapped and zeroed page by page again, an eighth of the time of small networks. glibc
    raises the size from which it maps blocks one by one, and twice that for what it keeps, to the largest it has seen freed;
    elsewhere nothing happens.
    """
    torch.empty(_LARGEST, dtype=torch.uint8)
