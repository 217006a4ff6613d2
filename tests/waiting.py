"""Waiting for something to be so, instead of for a time in which it might have become so."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any, TypeVar

Found = TypeVar("Found")


def wait_until(
    condition: Callable[[], Found], process: subprocess.Popen[Any] | None = None, seconds: float = 180.0
) -> Found:
    """What `condition` returns, once that is true; fails after `seconds`, or when `process` has ended without it."""
    deadline = time.monotonic() + seconds
    while True:
        ended = process is not None and process.poll() is not None
        if found := condition():
            return found
        assert not ended, "the process ended first"
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.02)
