"""Which kernels OpenBLAS (in NumPy and SciPy) multiplies matrices with; it reads this once, when it is loaded."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path

VARIABLE = "OPENBLAS_CORETYPE"
_WIDE = {"avx512f", "avx512dq", "avx512cd", "avx512bw", "avx512vl"}


def use_avx512_blas(environ: MutableMapping[str, str], cpuinfo: Path = Path("/proc/cpuinfo")) -> None:
    """Ask OpenBLAS for its 512-bit kernels where the processor has the instructions, unless the user chose a kernel.

    It falls back to 256-bit ones on processors it does not know by name, which halves its speed.
    """
    if VARIABLE in environ or not cpuinfo.is_file():
        return
    flags = next((line for line in cpuinfo.read_text().splitlines() if line.startswith("flags")), "")
    if set(flags.split()) >= _WIDE:
        environ[VARIABLE] = "SkylakeX"
