"""The size of the project and the length of a cell's way through it, for any checkout.

    python -m tests.studies.house [ROOT]

Prints lines and modules by folder, the loose modules of `benchmark/`, the project modules that a dry run of one control imports
(with its seconds, and whether PyTorch is among them), and the project files in which a function is called while one TimeGAN cell
on Stocks is computed at `smoke`, in the runner and in its worker.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PACKAGES = ("timemar", "baselines", "benchmark", "metrics")
RECORDER = """
import atexit, os, sys, threading
root, target = os.environ["HOUSE_ROOT"], os.environ["HOUSE_TARGET"]
seen = set()
def note(frame, event, argument):
    if event == "call" and frame.f_code.co_flags & 1 and frame.f_code.co_name[0] != "<":
        seen.add(frame.f_code.co_filename)
def write():
    sys.setprofile(None)
    threading.setprofile(None)
    with open(os.path.join(target, str(os.getpid())), "w") as file:
        for name in seen:
            file.write(f"called {name}\\n")
        for module in list(sys.modules.values()):
            file.write(f"module {getattr(module, '__name__', '')}\\n")
atexit.register(write)
if os.environ.get("HOUSE_CALLS"):
    sys.setprofile(note)
    threading.setprofile(note)
"""
DRY_RUN = ("run", "--suite", "table1", "--only", "generator=copy", "--dry-run")
CELL = (
    "run", "--suite", "table1", "--only", "generator=timegan", "--only", "dataset=stocks", "--budget", "smoke",
    "--tracking", "none",
)  # fmt: skip


def recorded(root: Path, arguments: tuple[str, ...], *, calls: bool) -> set[str]:
    """What every process of `python -m benchmark ARGUMENTS` called and imported: lines `called FILE` and `module NAME`."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        (folder / "sitecustomize.py").write_text(RECORDER)
        (folder / "found").mkdir()
        extra = {"HOUSE_ROOT": str(root), "HOUSE_TARGET": str(folder / "found"), "HOUSE_CALLS": "1" if calls else ""}
        path = os.pathsep.join([str(folder), str(root)])
        subprocess.run(
            [sys.executable, "-m", "benchmark", *arguments, "--store", str(folder / "store")],
            cwd=root, env={**os.environ, **extra, "PYTHONPATH": path}, capture_output=True, check=True,
        )  # fmt: skip
        return {line for file in (folder / "found").iterdir() for line in file.read_text().splitlines()}


def seconds(root: Path, arguments: tuple[str, ...], runs: int = 5) -> list[float]:
    """Wall seconds of `python -m benchmark ARGUMENTS`, sorted."""
    found = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as store:
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "benchmark", *arguments, "--store", f"{store}/store"],
                cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, check=True,
            )  # fmt: skip
            found.append(time.perf_counter() - began)
    return sorted(found)


def sizes(root: Path) -> dict[str, tuple[int, int]]:
    """Modules and lines by folder."""
    found: dict[str, tuple[int, int]] = {}
    for package in (*PACKAGES, "tests"):
        for file in sorted((root / package).rglob("*.py")):
            folder = str(file.parent.relative_to(root))
            modules, lines = found.get(folder, (0, 0))
            found[folder] = (modules + 1, lines + len(file.read_text(encoding="utf-8").splitlines()))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).resolve().parents[2])
    root = parser.parse_args().root.resolve()
    by_folder = sizes(root)
    print("folder: modules, lines")  # noqa: T201
    for folder, (modules, lines) in by_folder.items():
        print(f"  {folder}: {modules}, {lines}")  # noqa: T201
    for package in (*PACKAGES, "tests"):
        parts = [size for folder, size in by_folder.items() if folder.split("/")[0] == package]
        print(f"{package}: {sum(m for m, _ in parts)} modules, {sum(n for _, n in parts)} lines")  # noqa: T201
    loose = sorted(path.stem for path in (root / "benchmark").glob("*.py") if not path.stem.startswith("__"))
    print(f"loose modules of benchmark: {len(loose)} ({', '.join(loose)})")  # noqa: T201
    imported = {line.removeprefix("module ") for line in recorded(root, DRY_RUN, calls=False)}
    ours = {name for name in imported if name.split(".")[0] in PACKAGES}
    took = seconds(root, DRY_RUN)
    print(f"dry run of one control: {len(ours)} project modules, torch imported: {'torch' in imported}")  # noqa: T201
    print(f"  {statistics.median(took):.2f} s ({took[0]:.2f} to {took[-1]:.2f}, {len(took)} runs)")  # noqa: T201
    called = {line.removeprefix("called ") for line in recorded(root, CELL, calls=True) if line.startswith("called ")}
    files = {name for name in called if any(name.startswith(str(root / package) + os.sep) for package in PACKAGES)}
    print(f"files called during one TimeGAN cell on Stocks: {len(files)}")  # noqa: T201


if __name__ == "__main__":
    main()
