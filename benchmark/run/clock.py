"""What a stage costs: seconds and memory, summed over the sessions of a fit that was interrupted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from benchmark.files import replacing
from benchmark.interface import Progress
from benchmark.store import provenance
from benchmark.store.records import Spent

WRITE_SECONDS = 2.0
"""Between two times that a fit's cost is written; a process that is killed loses no more."""


class Clock:
    """Passes progress on and keeps what the fit has cost, so that a resumed fit reports all its sessions."""

    def __init__(self, path: Path, earlier: Spent, device: str, report: Callable[[Progress], None]) -> None:
        self.path, self.earlier, self.device, self.report = path, earlier, device, report
        self.started = self.written = time.perf_counter()
        self.cpu = time.process_time()

    def __call__(self, progress: Progress) -> None:
        """Pass one report on."""
        if time.perf_counter() - self.written > WRITE_SECONDS:
            self.write()
        self.report(progress)

    def write(self) -> None:
        """Write what the fit has cost up to now."""
        self.written = time.perf_counter()
        spent = total(self.earlier, self.written - self.started, time.process_time() - self.cpu, self.device)
        with replacing(self.path) as part:
            part.write_text(json.dumps(spent.to_json()), encoding="utf-8")


def total(earlier: Spent, wall: float, cpu: float, device: str) -> Spent:
    """What earlier sessions and this one have cost, this one `wall` and `cpu` seconds."""
    here = peak_device_memory_mib(device)
    return Spent(
        wall_seconds=round(earlier.wall_seconds + wall, 3),
        cpu_seconds=round(earlier.cpu_seconds + cpu, 3),
        device_seconds=round(earlier.device_seconds + (0.0 if device == "cpu" else wall), 3),
        peak_memory_mib=max(earlier.peak_memory_mib, provenance.peak_memory_mib()),
        peak_device_memory_mib=max(earlier.peak_device_memory_mib, here),
        sessions=earlier.sessions + 1,
    )


def reset_peak(device: str) -> None:
    """Count the accelerator's memory from here on."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.reset_peak_memory_stats()


def peak_device_memory_mib(device: str) -> float:
    """The most memory that tensors have taken on the accelerator, in MiB; 0 on the CPU."""
    if not device.startswith("cuda"):
        return 0.0
    import torch

    return round(float(torch.cuda.max_memory_allocated()) / 2**20, 1)
