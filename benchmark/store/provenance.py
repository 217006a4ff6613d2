"""What results depend on beside their key: machine, versions, commit, memory."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import resource
import subprocess
import sys
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmark.files import sha256
from benchmark.imports import ROOT
from benchmark.machine import usable_cores

PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "torch", "mujoco", "timemar-benchmark")
SOURCES = ("*.py", "*.yaml")
"""What counts as code among files that are not tracked."""
VARIABLES = ("CUBLAS_WORKSPACE_CONFIG", "NVIDIA_TF32_OVERRIDE", "PYTHONHASHSEED")
"""The variables of the environment that change numbers."""


@lru_cache(maxsize=1)
def commit() -> dict[str, Any]:
    """The git commit of the code that runs, whether its tree had changes, and their hash; None where there is no checkout."""
    # In a git hook these variables name a repository, which may be another one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(ROOT), *arguments],
                env=environment,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=10,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    # A checkout inside somebody else's repository must not lend its commit.
    if git("rev-parse", "--show-toplevel") != str(ROOT):
        return {"commit": None, "dirty": None, "diff_sha256": None}
    changed = bool(git("status", "--porcelain", "--untracked-files=no"))
    difference = git("diff", "--binary", "--no-ext-diff", "--no-color", "HEAD") or ""
    new = (git("ls-files", "--others", "--exclude-standard", "--", *SOURCES) or "").splitlines()
    found = None if not (difference or new) else _hash(difference, [ROOT / name for name in new])
    return {"commit": git("rev-parse", "HEAD"), "dirty": changed or bool(new), "diff_sha256": found}


def _hash(difference: str, new: list[Path]) -> str:
    """The SHA-256 of a difference and of files that are not tracked, each with its name."""
    digest = hashlib.sha256(difference.encode())
    for path in sorted(new):
        with suppress(OSError):  # removed in the meantime
            digest.update(f"\0{path.relative_to(ROOT).as_posix()}\0{sha256(path)}".encode())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine(device: str) -> dict[str, Any]:
    """The machine: processor, cores, and the accelerator with its driver where one is used."""
    found: dict[str, Any] = {
        "system": platform.system(),
        "processor": platform.machine(),
        "model": processor_model(),
        "cores": usable_cores(),
        "device": device,
    }
    if device.startswith("cuda"):
        import torch

        found["accelerator"] = torch.cuda.get_device_name(device)
        found["cuda"] = torch.version.cuda
        found["driver"] = driver_version()
    return found


def processor_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str | None:
    """The processor by name, such as "Intel(R) Xeon(R) Platinum 8481C"; None where the system does not say."""
    with suppress(OSError):
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or None


def driver_version(stated: Path = Path("/proc/driver/nvidia/version")) -> str | None:
    """The version of NVIDIA's driver; None where the system does not say."""
    with suppress(OSError):
        found = re.search(r"\s(\d{3,}\.\d+(?:\.\d+)?)\s", stated.read_text(encoding="utf-8", errors="replace"))
        return found[1] if found else None
    return None


def flags(device: str) -> dict[str, bool | str]:
    """Settings of PyTorch, where it is loaded, and of the environment that results or their bytes depend on."""
    variables: dict[str, bool | str] = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    torch = sys.modules.get("torch")
    if torch is None:
        return variables
    found: dict[str, bool | str] = {
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
    }
    if device.startswith("cuda"):
        found |= {
            "tf32_matmul": torch.backends.cuda.matmul.allow_tf32,
            "tf32_cudnn": torch.backends.cudnn.allow_tf32,
            "cudnn_deterministic": torch.backends.cudnn.deterministic,
            "cudnn_benchmark": torch.backends.cudnn.benchmark,
        }
    return found | variables


def peak_memory_mib() -> float:
    """The most memory that this process has held, in MiB (ru_maxrss counts KiB on Linux and bytes on macOS)."""
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)
