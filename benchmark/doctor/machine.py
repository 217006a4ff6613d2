"""Cores, memory and the accelerator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmark.doctor.finding import Finding
from benchmark.machine import usable_cores, usable_memory
from benchmark.run.device import has_driver
from benchmark.store.provenance import driver_version, flags

WORKER_BYTES = 2**30
"""Memory that a worker needs for the main job, with some to spare."""
MEMORY = Path("/proc/meminfo")
"""Where Linux states the memory that is free."""


def machine_findings() -> Iterator[Finding]:
    """Cores, memory a worker, and the accelerator; PyTorch is asked only where a driver exists."""
    cores = usable_cores()
    yield Finding("machine", "cores", "ok", f"{cores} usable, which is as many workers as `run` starts")
    free = free_memory()
    room = max(1, free // WORKER_BYTES)
    enough = free >= cores * WORKER_BYTES
    yield Finding(
        "machine",
        "memory",
        "ok" if enough else "warning",
        f"{free / 2**30:.1f} GiB free, about {WORKER_BYTES / 2**30:.0f} GiB a worker is needed",
        "" if enough else f"python -m benchmark run --workers {room}",
    )
    yield _accelerator()


def free_memory() -> int:
    """Bytes of memory that a new program can have: what the system has free, at most what the container may take."""
    stated = [line.split()[1] for line in _lines(MEMORY) if line.startswith("MemAvailable:")]
    return min([usable_memory(), *(1024 * int(text) for text in stated)])


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def settings_text(found: Mapping[str, bool | str]) -> str:
    """What the settings of PyTorch mean for results on the accelerator."""
    # NVIDIA's libraries obey the variable, whatever PyTorch asks for.
    never = found.get("NVIDIA_TF32_OVERRIDE") == "0"
    tf32 = [what for what, name in (("products", "tf32_matmul"), ("convolutions", "tf32_cudnn")) if found.get(name)]
    rounded = "TF32 off" if never or not tf32 else f"TF32 in {' and '.join(tf32)}"
    same = (
        "deterministic algorithms" if found.get("deterministic_algorithms") else "no deterministic algorithms asked for"
    )
    return f"{rounded}; {same}"


def _accelerator() -> Finding:
    if not has_driver():
        return Finding("machine", "accelerator", "ok", "no driver is here, so that cells run on the CPU")
    import torch

    if torch.cuda.is_available():
        driver = driver_version()
        known = f"{torch.cuda.get_device_name(0)}, CUDA {torch.version.cuda}" + (f", driver {driver}" if driver else "")
        return Finding("machine", "accelerator", "ok", f"{known}; {settings_text(flags('cuda'))}")
    said = f"a driver may be here, but PyTorch {torch.__version__} finds no CUDA device, so that cells run on the CPU"
    return Finding("machine", "accelerator", "warning", said, "python -m pip install --force-reinstall torch")
