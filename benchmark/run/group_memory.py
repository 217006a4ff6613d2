"""The memory that a group of processes holds."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")


def group_mib(group: int) -> float:
    """MiB of resident memory of all processes of a process group; pages that several share count for each."""
    return sum(mib for owner, mib in (_linux() if (PROC / "self" / "statm").exists() else _other()) if owner == group)


def _linux() -> Iterator[tuple[int, float]]:
    page = os.sysconf("SC_PAGE_SIZE") / 2**20
    for folder in PROC.glob("[0-9]*"):
        try:
            owner = int((folder / "stat").read_text().rpartition(")")[2].split()[2])
            yield owner, int((folder / "statm").read_text().split()[1]) * page
        except (OSError, IndexError, ValueError):  # it has just ended
            continue


def _other() -> Iterator[tuple[int, float]]:
    done = subprocess.run(["ps", "-axo", "pgid=,rss="], capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        owner, kib = line.split()
        yield int(owner), int(kib) / 1024
