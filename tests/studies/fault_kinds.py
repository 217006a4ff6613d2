"""Faults that a run may meet: each puts one into a finished store, and says what it did."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmark.run.conftest import suite_command
from tests.benchmark.run.test_kill import gone, workers_of
from tests.conftest import environment
from tests.waiting import wait_until

SUITE = """
title: A suite under faults
summary: a trained model and two controls, scored twice
budget: smoke
datasets: [sines]
generators: [timevae, copy, gaussian]
scores: [context_fid, dcr_ratio]
"""
FILES = (
    "cells/*/scores.json",
    "cells/*/cell.json",
    "cells/*/status.json",
    "cells/*/provenance.json",
    "cells/*/stages/*.json",
    "cells/*/samples.npz",
    "cells/*/model/*",
    "cells/*/journal.jsonl",
    "cells/*/log.jsonl",
    "shared/*/prepared.npz",
    "shared/*/record.json",
    "shared/data/*",
    "suites/*/*",
)
"""Every kind of file that a finished store holds beside its name and the empty files of locks."""
SHIFTED_CLOCK = """
import os, time
_time, _shift = time.time, float(os.environ["CLOCK_SHIFT"])
time.time = lambda: _time() + _shift
time.time_ns = lambda: int(time.time() * 1e9)
"""


@dataclass
class Struck:
    """What a fault did.

    Attributes:
        what: In words, such as the file and the bit.
        cells: The folders of cells that must be computed again, in whole or in part.
        codes: Exit status of every disturbed run; a negative one is a signal.
        output: All that those runs printed.
    """

    what: str
    cells: set[str]
    codes: list[int] = field(default_factory=list)
    output: str = ""


def start(folder: Path, *arguments: str, workers: int = 2, **extra: str) -> subprocess.Popen[bytes]:
    """Start the suite in a process of its own, which adds its lines to `folder`/lines."""
    command = suite_command(folder, "--workers", str(workers), *arguments, text=SUITE)
    with (folder / "lines").open("ab") as lines:
        return subprocess.Popen(
            [sys.executable, "-m", "benchmark", *command],
            cwd=folder,
            env=environment(**extra),
            stdout=lines,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


def finish(folder: Path, *runners: subprocess.Popen[bytes]) -> tuple[list[int], str]:
    """Wait for runs; their exit status, and what they printed."""
    codes = [runner.wait(timeout=900) for runner in runners]
    text = (folder / "lines").read_text(errors="replace")
    (folder / "lines").unlink()
    return codes, text


def journal_lines(store: Path) -> int:
    """Lines in the cells' journals, damaged ones counted too."""
    return sum(path.read_bytes().count(b"\n") for path in store.glob("cells/*/journal.jsonl"))


def remove_cells(folder: Path, rng: random.Random) -> set[str]:
    """Take one or two cells out of the store, so that there is something to compute."""
    cells = sorted((folder / "runs" / "cells").iterdir())
    chosen = rng.sample(cells, rng.choice((1, 2)))
    for cell in chosen:
        shutil.rmtree(cell)
    return {cell.name for cell in chosen}


def kill(folder: Path, rng: random.Random, *, child: bool) -> Struck:
    """SIGKILL for the runner or for a child after a random number of stages."""
    cells = remove_cells(folder, rng)
    lines = journal_lines(folder / "runs") + rng.randrange(1, 9)
    runner = start(folder)
    children: list[int] = []

    def due() -> bool:
        nonlocal children
        children = workers_of(runner.pid) or children
        return journal_lines(folder / "runs") >= lines or runner.poll() is not None

    wait_until(due)
    for pid in rng.sample(children, 1) if child and children else [runner.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    codes, text = finish(folder, runner)
    wait_until(lambda: gone(children))
    return Struck(f"{'a child' if child else 'the runner'} after {lines} journal lines", cells, codes, text)


def kill_runner(folder: Path, rng: random.Random) -> Struck:
    """The runner is killed; its children end with it."""
    return kill(folder, rng, child=False)


def kill_child(folder: Path, rng: random.Random) -> Struck:
    """A process that computes a cell is killed; the runner goes on."""
    return kill(folder, rng, child=True)


def kill_ray_worker(folder: Path, rng: random.Random) -> Struck:
    """A Ray worker is killed in the middle of a cell, or the worker process that it started, or the actor with its events."""
    cells = remove_cells(folder, rng)
    lines = journal_lines(folder / "runs") + rng.randrange(1, 5)
    runner = start(folder, "--executor", "ray")
    name = rng.choice((b"ray::compute", b"ray::Mailbox", b"benchmark.run.worker"))

    def due() -> list[int] | None:
        victims = [pid for pid in descendants(runner.pid) if name in _command(pid)]
        ready = journal_lines(folder / "runs") >= lines and victims
        return victims if ready or runner.poll() is not None else None

    wait_until(lambda: due() is not None, seconds=600)
    victims = due() or []
    for pid in victims[:1]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    codes, text = finish(folder, runner)
    hit = name.decode() if victims else "nothing, the run was over"
    return Struck(f"{hit}, after {lines} journal lines", cells, codes, text)


def descendants(pid: int) -> list[int]:
    """The process ids of everything that a process started, directly or not."""
    children = workers_of(pid)
    return children + [inner for child in children for inner in descendants(child)]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _chosen(folder: Path, rng: random.Random) -> Path:
    kinds = [found for pattern in FILES if (found := sorted((folder / "runs").glob(pattern)))]
    return rng.choice([path for path in rng.choice(kinds) if path.is_file()])


def _cell_of(path: Path, store: Path) -> set[str]:
    """The cells that a damaged file may touch; all, where cells share it."""
    top, name, *_ = path.relative_to(store).parts
    if top == "cells":
        return {name}
    return {cell.name for cell in (store / "cells").iterdir()} if top == "shared" else set()


def truncate(folder: Path, rng: random.Random) -> Struck:
    """A file loses its end."""
    path = _chosen(folder, rng)
    size = path.stat().st_size
    kept = rng.randrange(max(size, 1))
    os.truncate(path, kept)
    store = folder / "runs"
    return Struck(f"{path.relative_to(store)}: {kept} of {size} bytes kept", _cell_of(path, store))


def flip_bit(folder: Path, rng: random.Random) -> Struck:
    """One bit of a file changes."""
    path = _chosen(folder, rng)
    content = bytearray(path.read_bytes())
    at, bit = rng.randrange(max(len(content), 1)), rng.randrange(8)
    if content:
        content[at] ^= 1 << bit
        path.write_bytes(content)
    store = folder / "runs"
    return Struck(f"{path.relative_to(store)}: bit {bit} of byte {at}", _cell_of(path, store))


def read_only(folder: Path, rng: random.Random) -> Struck:
    """The store's file system is read-only while a suite is run."""
    cells = remove_cells(folder, rng)
    with mounted(folder / "runs", 1 << 30) as mount:
        mount("remount,ro")
        codes, text = finish(folder, start(folder))
        mount("remount,rw")
    return Struck("a read-only file system", cells, codes, text)


def full_disk(folder: Path, rng: random.Random) -> Struck:
    """The store's file system has room for a few more kilobytes."""
    cells = remove_cells(folder, rng)
    room = rng.randrange(0, 160) << 10
    store = folder / "runs"
    blocks = sum(path.lstat().st_blocks * 512 if path.is_file() else 4096 for path in store.rglob("*"))
    with mounted(store, blocks + room):
        codes, text = finish(folder, start(folder))
    return Struck(f"{room >> 10} KiB left on the disk", cells, codes, text)


@contextlib.contextmanager
def mounted(store: Path, size: int) -> Iterator[Callable[[str], None]]:
    """The store lies on a file system of its own, of `size` bytes, and comes back from it at the end."""
    outer = store.with_name("outer")
    store.rename(outer)
    store.mkdir()

    def mount(options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(store)], check=True)

    mount(f"size={size}")
    try:
        shutil.copytree(outer, store, dirs_exist_ok=True)
        yield mount
        shutil.rmtree(outer)
        shutil.copytree(store, outer)
    finally:
        subprocess.run(["umount", str(store)], check=True)
        store.rmdir()
        outer.rename(store)


def clock_jump(folder: Path, rng: random.Random) -> Struck:
    """The clock of a run and of its children is off by up to ten years either way."""
    cells = remove_cells(folder, rng)
    shift = rng.choice((-1, 1)) * 10 ** rng.uniform(2, 8.5)
    (folder / "clock").mkdir(exist_ok=True)
    (folder / "clock" / "sitecustomize.py").write_text(SHIFTED_CLOCK)
    path = f"{folder / 'clock'}{os.pathsep}{environment()['PYTHONPATH']}"
    codes, text = finish(folder, start(folder, PYTHONPATH=path, CLOCK_SHIFT=str(shift)))
    return Struck(f"a clock off by {shift / 3600:.1f} h", cells, codes, text)


def concurrent_runners(folder: Path, rng: random.Random) -> Struck:
    """Two to four runners of one store start together."""
    cells = remove_cells(folder, rng)
    count = rng.choice((2, 3, 4))
    codes, text = finish(folder, *(start(folder, workers=1) for _ in range(count)))
    return Struck(f"{count} runners", cells, codes, text)


def hanging_tracker(folder: Path, rng: random.Random) -> Struck:
    """The tracking server takes connections and never answers."""
    cells = remove_cells(folder, rng)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        codes, text = finish(folder, start(folder, TIMEMAR_TRACKING=address))
    return Struck("a tracking server that hangs", cells, codes, text)


KINDS: dict[str, tuple[Callable[[Path, random.Random], Struck], int]] = {
    "runner killed": (kill_runner, 4),
    "child killed": (kill_child, 4),
    "Ray worker killed": (kill_ray_worker, 1),
    "file truncated": (truncate, 7),
    "bit flipped": (flip_bit, 9),
    "read-only store": (read_only, 1),
    "full disk": (full_disk, 2),
    "clock off": (clock_jump, 1),
    "concurrent runners": (concurrent_runners, 2),
    "tracking server hangs": (hanging_tracker, 1),
}
"""What may happen, and how often beside the others."""
