"""The device of a run."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmark.errors import UserError, unknown

DEVICES = ("auto", "cpu", "cuda")
DRIVERS = ("/dev/nvidiactl", "/dev/dxg")
"""The files of an NVIDIA driver on Linux and in its Windows subsystem."""


def choose_device(device: str) -> str:
    """The device for "auto", "cpu" or "cuda"; raises UserError where it does not exist."""
    if device not in DEVICES:
        raise unknown("device", device, DEVICES)
    if device == "cpu" or (device == "auto" and not has_driver()):
        return "cpu"
    import torch

    there = torch.cuda.is_available()
    if device == "cuda" and not there:
        raise UserError("--device cuda was asked for, but PyTorch finds no CUDA device here; use --device cpu or auto.")
    return "cuda" if there else "cpu"


def accelerator_mib(device: str) -> float | None:
    """The memory of the accelerator that `device` names, in MiB; None for the CPU."""
    if not device.startswith("cuda"):
        return None
    import torch

    return float(torch.cuda.get_device_properties(0).total_memory) / 2**20


def limit_memory(device: str, mib: float | None, share: float = 1.0) -> str:
    """Let PyTorch take at most `mib` MiB, and at most a share, of the accelerator's memory in this process.

    A sentence on the limit; "" where there is none.
    """
    if (mib is None and share >= 1.0) or not device.startswith("cuda"):
        return ""
    import torch

    total = torch.cuda.mem_get_info()[1] / 2**20
    most = min(share * total, total if mib is None else mib)
    torch.cuda.set_per_process_memory_fraction(most / total)
    return f"its limit of GPU memory is {most:,.0f} MiB"


def has_driver() -> bool:
    """Whether a CUDA device may be there; PyTorch, which takes seconds to import, is asked only then."""
    return sys.platform != "linux" or any(Path(path).exists() for path in DRIVERS)
