"""What of the processor decides which library multiplies matrices."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def is_amd_with_avx512(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor is AMD's and has 512-bit instructions; False where the system does not say."""
    if not cpuinfo.is_file():
        return False
    return {"AuthenticAMD", "avx512f"} <= set(cpuinfo.read_text().split())
